import { builtin } from '../platform.js'

const native = builtin<typeof import('node:zlib')>('node:zlib')?.crc32

let table: Uint32Array | undefined

/** CRC-32 (ISO-HDLC, as in gzip): finds damage, not intent. */
export function crc32(bytes: Uint8Array): number {
  return native ? native(bytes) : portableCrc32(bytes)
}

/** The same without the platform's help. */
export function portableCrc32(bytes: Uint8Array): number {
  table ??= remainders()
  let crc = -1
  for (const byte of bytes) crc = (table[(crc ^ byte) & 255] as number) ^ (crc >>> 8)
  return (crc ^ -1) >>> 0
}

function remainders(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1
    return crc
  })
}
