// The smoke programs on a runtime that is started from the command line: Bun, Deno, Node.
import { coreSmoke } from './core-smoke.mjs'
import { honoSmoke } from './hono-smoke.mjs'

const failures = [...(await coreSmoke({ context: true })), ...(await honoSmoke())]
console.log(JSON.stringify(failures))
