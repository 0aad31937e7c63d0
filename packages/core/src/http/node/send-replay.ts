import type { ServerResponse } from 'node:http'
import type { Replay } from '../replay.js'

/**
 * Sends a stored response, through whatever the application has mounted before (compression, sessions, logging), so that
 * these treat it like any other. Header names and values are those that were stored, byte for byte.
 */
export function sendReplay(response: ServerResponse, { status, fields, age, cacheStatus, body }: Replay): void {
  response.statusCode = status
  for (const [name, value] of fields) response.setHeader(name, value)
  if (age !== undefined) response.setHeader('Age', age)
  response.setHeader('Cache-Status', cacheStatus)
  if (body === undefined) response.end()
  // Whoever wraps `end` expects a Buffer; this is a view, not a copy.
  else response.end(Buffer.from(body.buffer, body.byteOffset, body.byteLength))
}
