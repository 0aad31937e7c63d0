/** How long everything lives in these benchmarks, in milliseconds: nothing expires while they run. */
export const TTL = 3_600_000
