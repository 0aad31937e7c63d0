import { builtin } from './platform.js'

const ROUNDS = roundConstants()

/**
 * SHA-256 (FIPS 180-4) of a well-formed text's UTF-8 bytes, as 43 base64url characters. Synchronous on every platform:
 * Node's own where there is one, else the portable code below (Workers only offer an asynchronous digest).
 */
export function digest(text: string): string {
  const crypto = builtin<typeof import('node:crypto')>('node:crypto')
  if (crypto) return crypto.createHash('sha256').update(text, 'utf8').digest('base64url')
  return portableDigest(text)
}

/** The same without the platform's help. */
export function portableDigest(text: string): string {
  const state = sha256(new TextEncoder().encode(text))
  let binary = ''
  for (const word of state) {
    binary += String.fromCharCode(word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255)
  }
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace('=', '')
}

function sha256(message: Uint8Array): Uint32Array {
  const state = Uint32Array.of(
    0x6a09e667,
    0xbb67ae85,
    0x3c6ef372,
    0xa54ff53a,
    0x510e527f,
    0x9b05688c,
    0x1f83d9ab,
    0x5be0cd19,
  )
  const padded = new Uint8Array(((message.length + 72) >> 6) << 6)
  padded.set(message)
  padded[message.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(message.length / 2 ** 29))
  view.setUint32(padded.length - 4, message.length << 3)
  const schedule = new Uint32Array(64)
  for (let block = 0; block < padded.length; block += 64) compress(state, view, block, schedule)
  return state
}

function compress(state: Uint32Array, view: DataView, block: number, w: Uint32Array): void {
  for (let i = 0; i < 16; i++) w[i] = view.getUint32(block + i * 4)
  for (let i = 16; i < 64; i++) {
    const early = w[i - 15] as number
    const late = w[i - 2] as number
    const sigma0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3)
    const sigma1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10)
    w[i] = (w[i - 16] as number) + sigma0 + (w[i - 7] as number) + sigma1
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
  for (let i = 0; i < 64; i++) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const first = (h + sum1 + ((e & f) ^ (~e & g)) + (ROUNDS[i] as number) + (w[i] as number)) | 0
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const second = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + first) | 0
    d = c
    c = b
    b = a
    a = (first + second) | 0
  }
  const round = [a, b, c, d, e, f, g, h]
  for (let i = 0; i < 8; i++) state[i] = (state[i] as number) + (round[i] as number)
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}

/** The fractional parts of the cube roots of the first 64 primes, as the standard defines them. */
function roundConstants(): Uint32Array {
  const constants = new Uint32Array(64)
  let found = 0
  for (let candidate = 2; found < 64; candidate++) {
    let prime = true
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) prime = false
    if (prime) constants[found++] = (Math.cbrt(candidate) % 1) * 2 ** 32
  }
  return constants
}
