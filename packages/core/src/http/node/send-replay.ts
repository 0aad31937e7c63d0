import type { ServerResponse } from 'node:http'
import type { Replay } from '../replay.js'
import { SMALL_BODY, type GroupedFields } from '../stored-response.js'

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
  // Node measures a body that is sent in one piece; who wraps `end` may want to know its length before.
  const measured = body !== undefined && !Object.hasOwn(response, 'end')
  response.statusCode = status
  for (let at = 0; at < fields.length; at++) {
    const field = fields[at] as GroupedFields[number]
    if (!measured || field[0] !== 'Content-Length') response.setHeader(field[0], field[1])
  }
  if (age !== undefined) response.setHeader('Age', age)
  response.setHeader('Cache-Status', cacheStatus)
  if (body === undefined) response.end()
  else if (measured && body.byteLength <= SMALL_BODY) response.end(textOf(body), 'latin1')
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
