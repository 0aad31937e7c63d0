import type { ServerResponse } from 'node:http'
import type { Replay } from '../replay.js'
import { SMALL_BODY } from '../stored-response.js'

/**
 * Small bodies as text, one character for each byte: Node sends it with the head in one piece, where bytes take a write of
 * their own. Made when a body is first sent.
 */
const texts = new WeakMap<Uint8Array, string>()

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
  else if (body.byteLength <= SMALL_BODY && !Object.hasOwn(response, 'end')) response.end(textOf(body), 'latin1')
  // Whoever wraps `end` expects a Buffer; this is a view, not a copy.
  else response.end(Buffer.from(body.buffer, body.byteOffset, body.byteLength))
}

function textOf(body: Uint8Array): string {
  let text = texts.get(body)
  if (text === undefined) {
    text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
    texts.set(body, text)
  }
  return text
}
