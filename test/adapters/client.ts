import { Agent, request, type IncomingMessage } from 'node:http'

/** What a client got. */
export interface Got {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  readonly body: string
  readonly bytes: Buffer
}

/** How a request differs from a plain GET. */
export interface AskOptions {
  readonly method?: string
  /** `organization/user/session`. */
  readonly as?: string | undefined
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

/** A request over a real socket. Rejects where the connection breaks before the answer is complete. */
export function ask(url: string, options: AskOptions = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    send(url, options, (message) => {
      const parts: Buffer[] = []
      message.on('data', (part: Buffer) => parts.push(part))
      message.on('error', reject)
      message.on('close', () => {
        if (!message.complete) return reject(new Error('the answer broke off'))
        const bytes = Buffer.concat(parts)
        const { statusCode = 0, headers, rawHeaders } = message
        resolve({ status: statusCode, headers, rawHeaders, bytes, body: bytes.toString() })
      })
    }).on('error', reject)
  })
}

/** Opens a request whose answer the caller reads, or drops, by itself. */
export function send(
  url: string,
  { method = 'GET', as, headers = {}, body }: AskOptions,
  answered: (message: IncomingMessage) => void,
) {
  const identified = as === undefined ? headers : { authorization: `Bearer ${as}`, ...headers }
  const outgoing = request(url, { method, headers: identified, agent })
  outgoing.on('response', answered)
  return outgoing.end(body)
}

/** Whether the answer came from the cache, by its Cache-Status (RFC 9211). */
export function isHit({ headers }: Pick<Got, 'headers'>): boolean {
  return String(headers['cache-status']).startsWith('cacheado; hit')
}
