import { describe, expect, it, vi } from 'vitest'

describe('random ids', () => {
  it('draw nothing before the first, then many at once', async () => {
    const draws = vi.spyOn(globalThis.crypto, 'getRandomValues')
    const { randomId } = await import('../../src/store/random-id.js')
    expect(draws).not.toHaveBeenCalled()
    for (let count = 0; count < 257; count++) randomId()
    expect(draws).toHaveBeenCalledTimes(2)
    draws.mockRestore()
  })

  it('are 16 bytes in memory of their own, and all different', async () => {
    const { randomId } = await import('../../src/store/random-id.js')
    const ids = Array.from({ length: 10_000 }, randomId)
    const texts = ids.map((id) => Buffer.from(id).toString('hex'))
    expect(new Set(texts).size).toBe(10_000)
    expect(ids.every((id) => id.length === 16 && id.buffer.byteLength === 16)).toBe(true)
    expect(ids.map((id) => Buffer.from(id).toString('hex'))).toEqual(texts)
  })
})
