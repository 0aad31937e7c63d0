// One server in a process of its own; tells its port, and what it has used when asked.
import { SERVERS } from './servers/index.js'

const [framework, variant] = process.argv.slice(2)
let handled = 0
const start = await SERVERS[framework]()
const port = await start(variant, { onHandled: () => handled++ })
process.on('message', () => process.send({ handled, cpu: process.cpuUsage() }))
process.on('disconnect', () => process.exit())
process.send({ port })
