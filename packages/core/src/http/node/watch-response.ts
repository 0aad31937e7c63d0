import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HeadDecision, Recording } from '../recording.js'
import type { HeaderFields } from '../syntax/header-fields.js'
import { hideFields } from './hidden-fields.js'
import { applyFields, fieldsAdded, fieldsOf, type WriteHeadFields } from './response-fields.js'
import { sendReplay } from './send-replay.js'
import { bytesOf, readArguments, type Written } from './write-arguments.js'

/**
 * Lets a recording watch a response of Node's. Head and body pass through as the handler writes them, back-pressure and all;
 * the head is changed as the recording decides, and judged again after the real `writeHead` has run, since sessions set
 * their cookies in there.
 */
export function watchResponse(recording: Recording, request: IncomingMessage, response: ServerResponse): void {
  const watch = new ResponseWatch(recording, request, response)
  const { writeHead, write, end } = response
  const methods: Methods = {
    writeHead: (...given) => writeHead.apply(response, given as Parameters<typeof writeHead>),
    write: (...given) => write.apply(response, given as Parameters<typeof write>),
    end: (...given) => end.apply(response, given as Parameters<typeof end>),
  }
  Object.assign(response, {
    writeHead: (status: number, ...rest: unknown[]) => watch.onWriteHead(methods, status, rest),
    write: (...given: unknown[]) => watch.onWrite(methods, given),
    end: (...given: unknown[]) => watch.onEnd(methods, given),
  })
  response.once('close', () => watch.onClose())
}

/** The response's own methods, as they were before they were watched. */
interface Methods {
  readonly writeHead: (...given: unknown[]) => ServerResponse
  readonly write: (...given: unknown[]) => boolean
  readonly end: (...given: unknown[]) => ServerResponse
}

class ResponseWatch {
  readonly #recording: Recording
  readonly #response: ServerResponse
  readonly #before: HeaderFields
  readonly #showFields: () => void
  #decision: HeadDecision | undefined
  /** The fields as they were when the recording had decided. */
  #decided: HeaderFields = []
  #ended = false
  /** The response is inside one of its own methods: what it calls on the way was seen already. */
  #busy = false

  constructor(recording: Recording, request: IncomingMessage, response: ServerResponse) {
    this.#recording = recording
    this.#response = response
    this.#before = fieldsOf(response)
    this.#showFields = hideFields(request, recording.hidden)
  }

  onWriteHead({ writeHead }: Methods, status: number, rest: readonly unknown[]): ServerResponse {
    const response = this.#response
    // Informational responses go out on the way to the one that counts.
    if (status < 200) return writeHead(status, ...rest)
    if (this.#decision === undefined) {
      const [reason, fields] = typeof rest[0] === 'string' ? rest : [undefined, rest[0]]
      response.statusCode = status
      if (reason !== undefined) response.statusMessage = reason as string
      applyFields(response, fields as WriteHeadFields | undefined)
    }
    if (this.#decide() === 'replace' && !this.#busy) return response
    const judged = response.statusCode
    writeHead(judged)
    // Whoever changes the status on the way says that it is not this response that is sent.
    if (response.statusCode !== judged) this.#recording.abort()
    const late = fieldsAdded(this.#decided, fieldsOf(response))
    if (late.length > 0) this.#recording.late(late)
    return response
  }

  onWrite({ write }: Methods, given: readonly unknown[]): boolean {
    if (this.#busy) return write(...given)
    const decision = this.#decide()
    const written = readArguments(given)
    if (decision !== 'replace') this.#record(written)
    if (decision === 'send') return this.#within(() => write(...given))
    acknowledge(written)
    return true
  }

  onEnd({ end }: Methods, given: readonly unknown[]): ServerResponse {
    if (this.#busy) return end(...given)
    const decision = this.#decide()
    const written = readArguments(given)
    if (decision === 'replace') {
      acknowledge(written)
      return this.#response
    }
    this.#record(written)
    // A response that was destroyed is not whole, though its handler ends it all the same.
    if (this.#response.destroyed) this.#recording.abort()
    this.#within(() => (decision === 'send' ? end(...given) : end(written.callback)))
    this.#ended = true
    this.#recording.end()
    return this.#response
  }

  /** The connection is gone, with or without a whole response on it. */
  onClose(): void {
    this.#showFields()
    if (!this.#ended) this.#recording.abort()
    this.#ended = true
  }

  /** Asks the recording about the head: once, while the head can still be changed. */
  #decide(): HeadDecision['kind'] {
    if (this.#decision !== undefined) return this.#decision.kind
    const response = this.#response
    this.#showFields()
    if (response.headersSent) return this.#pass()
    this.#decision = this.#recording.head(response.statusCode, fieldsOf(response), this.#before)
    if (this.#decision.kind === 'replace') {
      this.#replace(this.#decision)
    } else {
      for (const name of this.#decision.remove) response.removeHeader(name)
      for (const [name, value] of this.#decision.set) response.setHeader(name, value)
      if (this.#decision.kind === 'not-modified') setStatus(response, 304)
      this.#decided = fieldsOf(response)
    }
    return this.#decision.kind
  }

  /** Somebody wrote past us: nobody knows what, so nothing is stored. */
  #pass(): 'send' {
    this.#decision = { kind: 'send', set: [], remove: [] }
    this.#recording.abort()
    return 'send'
  }

  /** Sends something else than what the handler wrote, which is taken and dropped from now on. */
  #replace({ replay }: Extract<HeadDecision, { kind: 'replace' }>): void {
    const response = this.#response
    const others = new Set(this.#before.map(([name]) => name.toLowerCase()))
    for (const name of response.getHeaderNames()) if (!others.has(name)) response.removeHeader(name)
    setStatus(response, replay.status)
    this.#within(() => sendReplay(response, replay))
    this.#ended = true
    this.#recording.end()
  }

  #record(written: Written): void {
    const bytes = this.#recording.wantsBody ? bytesOf(written) : undefined
    if (bytes !== undefined) this.#recording.write(bytes)
  }

  #within<R>(act: () => R): R {
    this.#busy = true
    try {
      return act()
    } finally {
      this.#busy = false
    }
  }
}

/** Another status takes another reason phrase with it. */
function setStatus(response: ServerResponse, status: number): void {
  response.statusCode = status
  response.statusMessage = ''
}

/** Tells who wrote that it was taken. */
function acknowledge({ callback }: Written): void {
  if (callback) queueMicrotask(callback)
}
