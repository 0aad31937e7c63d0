import { setTimeout as pause } from 'node:timers/promises'
import { median } from '../report/figures.js'
import { interleave } from './rounds.js'
import { createWorkload } from './workload.js'

const TENANTS = 100
/** Invalidated one after the other in a round, each timed by itself: the first pays for cold memory, so the middle one counts. */
const IN_A_ROW = 3
/** Invalidations of a small cache before any is measured: what is measured runs too rarely to get compiled by itself. */
const REHEARSALS = 2000
/** For what a contender does afterwards, in milliseconds: it must not weigh on the next. */
const REST = 50

/**
 * Invalidating one tenant of a hundred, a hundredth of all entries: nanoseconds of the call, until its promise resolves. What
 * was removed is put back before the next round, untimed.
 */
export async function runInvalidation(row, { size, rounds, warmUp }) {
  const workload = createWorkload(size, { tenants: TENANTS })
  const contenders = []
  for (const contender of row.contenders) contenders.push(await prepare(contender, workload))
  return interleave(contenders, { rounds, warmUp })
}

async function prepare(contender, workload) {
  await rehearse(contender)
  const cache = contender.create({ size: workload.size })
  await contender.fillTenants(cache, workload)
  let turn = 0
  const run = async () => {
    const chosen = Array.from({ length: IN_A_ROW }, () => turn++ % TENANTS)
    const times = []
    for (const tenant of chosen) {
      const started = process.hrtime.bigint()
      await contender.invalidateTenant(cache, workload.tenants[tenant])
      times.push(Number(process.hrtime.bigint() - started))
    }
    await pause(REST)
    await contender.fillTenants(cache, entriesOf(workload, chosen))
    return median(times)
  }
  return { name: contender.name, configuration: contender.configuration, run }
}

async function rehearse(contender) {
  const workload = createWorkload(TENANTS, { tenants: TENANTS })
  const cache = contender.create({ size: TENANTS })
  for (let rehearsal = 0; rehearsal < REHEARSALS; rehearsal++) {
    const tenant = rehearsal % TENANTS
    await contender.fillTenants(cache, entriesOf(workload, [tenant]))
    await contender.invalidateTenant(cache, workload.tenants[tenant])
  }
}

/** The part of a workload that belongs to these tenants. */
function entriesOf({ tenants, tenantOf, shortKeys, values }, chosen) {
  const places = [...shortKeys.keys()].filter((at) => chosen.includes(tenantOf[at]))
  return {
    tenants,
    tenantOf: places.map((at) => tenantOf[at]),
    shortKeys: places.map((at) => shortKeys[at]),
    values: places.map((at) => values[at]),
  }
}
