/** What a reply, or a command, says. An error is a value here: whoever reads it decides. */
export type RespValue = string | number | bigint | boolean | null | Buffer | RespError | readonly RespValue[]

/** An error reply: `code` is its first word. */
export class RespError {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }

  get code(): string {
    return this.message.split(' ', 1)[0] as string
  }
}

/** One whole reply, push message or command. */
export interface Frame {
  readonly bytes: Buffer
  readonly value: RespValue
  /** A message of RESP3 that answers no command. */
  readonly isPush: boolean
}

interface Parsed {
  readonly value: RespValue
  readonly end: number
}

/** Cuts a stream of RESP2 or RESP3 into whole frames. */
export class RespReader {
  #rest: Buffer = Buffer.alloc(0)

  /** Bytes of a frame that is not whole yet. */
  get pending(): number {
    return this.#rest.length
  }

  /** The frames that are whole with this chunk. @throws Error where the bytes are no RESP */
  push(chunk: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Frame[] = []
    let start = 0
    while (start < this.#rest.length) {
      const parsed = parse(this.#rest, start)
      if (parsed === undefined) break
      const bytes = this.#rest.subarray(start, parsed.end)
      frames.push({ bytes, value: parsed.value, isPush: bytes[0] === 0x3e })
      start = parsed.end
    }
    this.#rest = this.#rest.subarray(start)
    return frames
  }
}

/** The bytes of a command. */
export function encodeCommand(command: readonly (string | Uint8Array)[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${command.length}\r\n`)]
  for (const word of command) {
    const bytes = Buffer.from(word as string)
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'))
  }
  return Buffer.concat(parts)
}

function parse(bytes: Buffer, start: number): Parsed | undefined {
  const lineEnd = bytes.indexOf('\r\n', start)
  if (lineEnd === -1) return undefined
  const line = bytes.toString('latin1', start + 1, lineEnd)
  const end = lineEnd + 2
  switch (String.fromCodePoint(bytes[start] as number)) {
    case '+':
      return { value: line, end }
    case '-':
      return { value: new RespError(line), end }
    case ':':
    case ',':
      return { value: Number(line), end }
    case '(':
      return { value: BigInt(line), end }
    case '#':
      return { value: line === 't', end }
    case '_':
      return { value: null, end }
    case '$':
    case '=':
    case '!':
      return parseBulk(bytes, end, count(line))
    case '*':
    case '~':
    case '>':
      return parseItems(bytes, end, count(line))
    case '%':
      return parseItems(bytes, end, count(line) * 2)
    case '|':
      return parseAttribute(bytes, end, count(line) * 2)
    default:
      throw new Error('these bytes are no RESP')
  }
}

function count(line: string): number {
  if (!/^-?\d+$/.test(line)) throw new Error('this length is no RESP')
  return Number(line)
}

function parseBulk(bytes: Buffer, start: number, length: number): Parsed | undefined {
  if (length < 0) return { value: null, end: start }
  const end = start + length
  return end + 2 > bytes.length ? undefined : { value: bytes.subarray(start, end), end: end + 2 }
}

function parseItems(bytes: Buffer, start: number, length: number): Parsed | undefined {
  if (length < 0) return { value: null, end: start }
  const value: RespValue[] = []
  let end = start
  for (let read = 0; read < length; read++) {
    const item = parse(bytes, end)
    if (item === undefined) return undefined
    value.push(item.value)
    end = item.end
  }
  return { value, end }
}

/** An attribute stands before the reply that it is about: the two are one frame. */
function parseAttribute(bytes: Buffer, start: number, length: number): Parsed | undefined {
  const attribute = parseItems(bytes, start, length)
  return attribute === undefined ? undefined : parse(bytes, attribute.end)
}
