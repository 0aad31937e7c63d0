// One row at one size, in a process of its own: what one row taught the engine about a library does not weigh on the next.
import { loadContenders } from './contenders/index.js'
import { runInvalidation } from './invalidation-case.js'
import { ROWS } from './rows.js'
import { runThroughput } from './throughput-case.js'

const plan = JSON.parse(process.argv[2])
const row = ROWS.find(({ name }) => name === plan.row)
const contenders = await loadContenders(row.contenders)
const run = row.operation === 'invalidateTenant' ? runInvalidation : runThroughput
process.send(await run({ ...row, contenders }, plan), () => process.exit())
