import { changeFields } from '../field-changes.js'
import type { Recording } from '../recording.js'
import type { HeaderField, HeaderFields } from '../syntax/header-fields.js'
import { replayResponse } from './replay-response.js'

/**
 * Bytes of a body that are read before its client asks for them: a small response is complete, and can be given to others, however
 * slow its first client is.
 */
const READ_AHEAD = 64 * 1024

/** What else is known about a response when it is observed. */
export interface ObserveOptions {
  /** What the handler threw, where this is what is answered in its place. */
  readonly error?: unknown
  /** Header fields that others had prepared before the handler ran: they are not the handler's, and are not stored. Default: none. */
  readonly before?: HeaderFields | undefined
  /** Keeps the platform alive while a body is recorded that its client does not get: `executionCtx.waitUntil`. */
  readonly waitUntil?: ((work: Promise<unknown>) => void) | undefined
}

/**
 * Shows a handler's response to a recording and gives the response to send: with the changed head, its body observed while it
 * flows. Returns at once: a body is never awaited, and beyond {@link READ_AHEAD} its back-pressure stays as it is.
 */
export function observeResponse(recording: Recording, response: Response, options: ObserveOptions = {}): Response {
  if (isUpgrade(response)) {
    recording.abort()
    return response
  }
  if (options.error !== undefined) recording.threw()
  const fields = headerFields(response.headers)
  const decision = recording.head(response.status, fields, options.before)
  if (decision.kind === 'replace') {
    void response.body?.cancel().catch(() => {})
    return replayResponse(decision.replay)
  }
  const headers = headersOf(changeFields(fields, decision))
  if (decision.kind === 'not-modified') {
    const drained = drain(recorded(recording, response.body))
    options.waitUntil?.(drained)
    return new Response(null, { status: 304, headers })
  }
  const { status, statusText } = response
  return new Response(recorded(recording, response.body), { status, statusText, headers })
}

/** A switch of protocols is no response to be recorded or rebuilt. */
function isUpgrade(response: Response): boolean {
  return response.status < 200 || (response as { webSocket?: unknown }).webSocket != null
}

/** The body, recorded while it is read; as it is where nobody wants its bytes. */
function recorded(recording: Recording, body: ReadableStream<Uint8Array> | null): ReadableStream<Uint8Array> | null {
  if (body === null || !recording.wantsBody) {
    recording.end()
    return body
  }
  const reader = body.getReader()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) {
            recording.end()
            return controller.close()
          }
          recording.write(value)
          controller.enqueue(value)
        } catch (error) {
          recording.abort()
          controller.error(error)
        }
      },
      async cancel(reason) {
        recording.abort()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: READ_AHEAD, size: (chunk) => chunk.byteLength },
  )
}

async function drain(body: ReadableStream<Uint8Array> | null): Promise<void> {
  if (body === null) return
  const reader = body.getReader()
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read());
  } catch {
    // The recording knows: nobody else waits for this body.
  }
}

/** The fields of Fetch headers, cookies line by line. */
export function headerFields(headers: Headers): HeaderFields {
  const fields: HeaderField[] = []
  for (const [name, value] of headers) if (name !== 'set-cookie') fields.push([name, value])
  for (const cookie of headers.getSetCookie()) fields.push(['set-cookie', cookie])
  return fields
}

function headersOf(fields: HeaderFields): Headers {
  const headers = new Headers()
  for (const [name, value] of fields) headers.append(name, value)
  return headers
}
