// PostgreSQL, compiled to WebAssembly, on a thread of its own: like a real database it works beside the web server,
// and a slow query does not stop the event loop that answers requests. Plain JavaScript, so that Node starts it
// the same way from `src` (tests) and from `dist`.
import { parentPort } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'

const postgres = await PGlite.create()

parentPort.on('message', async ({ id, sql, parameters }) => {
  const startedAt = performance.now()
  try {
    // Only `exec` takes several statements, only `query` takes parameters.
    const rows = parameters ? (await postgres.query(sql, parameters)).rows : (await postgres.exec(sql), [])
    parentPort.postMessage({ id, rows, milliseconds: performance.now() - startedAt })
  } catch (error) {
    parentPort.postMessage({ id, error: error.message })
  }
})
