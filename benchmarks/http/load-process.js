// Asks one URL over 50 connections for some seconds, and tells how many answers there were.
import autocannon from 'autocannon'

const [url, seconds] = process.argv.slice(2)
const { requests, duration, errors, non2xx } = await autocannon({ url, connections: 50, duration: Number(seconds) })
if (errors > 0 || non2xx > 0) throw new Error(`${errors} errors, ${non2xx} answers that were not 2xx`)
process.send({ requests: requests.total, seconds: duration })
