/** The seed of this run's random tests, told in their names: a new one each time, `CACHEADO_SEED=…` to repeat one. */
export const SEED = Number(process.env['CACHEADO_SEED'] ?? Date.now() % 2 ** 31)
