import { randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Compression, type PackedPayload, unpack } from '../../src/store/compression.js'

const text = (bytes: number) =>
  Buffer.from(
    Array.from({ length: bytes }, (_, at) => `${(at * at * 7919) % 99_991},`)
      .join('')
      .slice(0, bytes),
  )

describe('compression', () => {
  it('makes what is above its size smaller, and it comes back', async () => {
    const payload = text(20_000)
    const packed = await new Compression('10kb').pack(payload)
    expect(packed.rawLength).toBe(20_000)
    expect(packed.payload.length).toBeLessThan(18_000)
    expect(Buffer.from(await unpack(packed)).equals(payload)).toBe(true)
  })

  it('is off unless it is asked for', () => {
    const payload = text(100_000)
    for (const off of [new Compression(), new Compression(Infinity)]) {
      expect((off.pack(payload) as PackedPayload).payload).toBe(payload)
    }
  })

  it('leaves at once what is not above its size, or too large for any reader', () => {
    for (const payload of [text(1024), new Uint8Array(8 * 1024 * 1024 + 1)]) {
      expect((new Compression(1024).pack(payload) as PackedPayload).payload).toBe(payload)
    }
    expect(new Compression(1023).pack(text(1024))).toBeInstanceOf(Promise)
  })

  it('leaves what it would save less than a tenth of', async () => {
    const payload = randomBytes(10_000)
    const packed = await new Compression(0).pack(payload)
    expect(packed.payload).toBe(payload)
    expect(packed.rawLength).toBeUndefined()
  })

  it('leaves what a reader would take for a bomb', async () => {
    const payload = new Uint8Array(100_000)
    const packed = await new Compression(0).pack(payload)
    expect(packed.payload).toBe(payload)
    expect(packed.rawLength).toBeUndefined()
  })

  it('gives what is not compressed back at once', () => {
    const payload = text(10)
    expect(unpack({ payload })).toBe(payload)
  })

  const bomb = deflateRawSync(new Uint8Array(8 * 1024 * 1024))
  it.each([
    ['more than ten times as large', bomb, bomb.length * 10 + 1],
    ['more than 8 MiB', new Uint8Array(1024 * 1024), 8 * 1024 * 1024 + 1],
    ['nothing', new Uint8Array(10), 0],
  ])('refuses at once what says that it becomes %s', (_, payload, rawLength) => {
    expect(() => unpack({ payload, rawLength })).toThrow('a compressed payload that cannot be read')
  })

  it.each([
    ['becomes more than it says', bomb, bomb.length * 10],
    ['becomes less than it says', deflateRawSync('abcdefgh'), 9],
    ['ends too early', deflateRawSync(text(1000)).subarray(0, -10), 1000],
    ['was never compressed', text(100), 200],
  ])('refuses what %s', async (_, payload, rawLength) => {
    await expect(unpack({ payload, rawLength })).rejects.toThrow('a payload that is not what was compressed')
  })

  it.each(['1kib', -1, Number.NaN, null])('is not asked for by %o', (above) => {
    expect(() => new Compression(above as never)).toThrow(
      expect.objectContaining({ code: 'ERR_CACHE_CONFIG', option: 'remote.compressAbove' }),
    )
  })
})
