import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Sealing } from '../../src/store/sealing.js'

const OLD = 'the old key, 16 bytes or more'
const NEW = Buffer.from('the new key, 16 bytes or more')

function sealed(by: Sealing): Uint8Array {
  const bytes = new Uint8Array(100 + by.length).fill(7)
  by.seal(bytes)
  return bytes
}

describe('a signature', () => {
  it('is HMAC-SHA256 of all before it', () => {
    const bytes = sealed(new Sealing(OLD))
    expect(Buffer.from(bytes.subarray(100))).toEqual(createHmac('sha256', OLD).update(bytes.subarray(0, 100)).digest())
  })

  it('is made with the first key and taken of any', () => {
    const both = new Sealing([NEW, OLD])
    expect(new Sealing(NEW).holds(sealed(both))).toBe(true)
    expect(new Sealing(OLD).holds(sealed(both))).toBe(false)
    expect(both.holds(sealed(new Sealing(OLD)))).toBe(true)
    expect(both.holds(sealed(new Sealing('a third key of 16 bytes or more')))).toBe(false)
  })

  it('keeps the key that was given, whatever becomes of its bytes', () => {
    const key = Buffer.from(NEW)
    const sealing = new Sealing(key)
    key.fill(0)
    expect(new Sealing(NEW).holds(sealed(sealing))).toBe(true)
  })

  it('takes the bytes of a text', () => {
    expect(new Sealing(Buffer.from('ключключ')).holds(sealed(new Sealing('ключключ')))).toBe(true)
  })

  it.each([['fifteen bytes.'], [''], [[]], [[NEW, 'short']], [5], [null], [{}], [[undefined]], [new Uint8Array(15)]])(
    'needs a key, not %o',
    (key) => {
      expect(() => new Sealing(key as never)).toThrow(
        expect.objectContaining({ code: 'ERR_CACHE_CONFIG', option: 'remote.signingKey' }),
      )
    },
  )
})
