import { rotated } from '../report/figures.js'

/** Garbage of one contender is not collected on the time of the next. */
export function collectGarbage(type) {
  globalThis.gc({ type, execution: 'sync' })
}

/**
 * Each contender's nanoseconds in `rounds` rounds, interleaved: every round runs all of them, so that what disturbs the
 * machine disturbs all.
 */
export async function interleave(contenders, { rounds, warmUp }) {
  const measured = contenders.map(({ name, configuration }) => ({ name, configuration, nanoseconds: [] }))
  for (let round = -warmUp; round < rounds; round++) {
    collectGarbage('major')
    for (const at of rotated([...contenders.keys()], round + warmUp)) {
      collectGarbage('minor')
      const nanoseconds = await contenders[at].run()
      if (round >= 0) measured[at].nanoseconds.push(nanoseconds)
    }
  }
  return measured
}
