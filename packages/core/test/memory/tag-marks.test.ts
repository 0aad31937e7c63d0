import { createTestCache } from '@cacheado/core/testing'
import { describe, expect, it } from 'vitest'
import { TagMarks } from '../../src/memory/tag-marks.js'

describe('tag marks', () => {
  it('remember when a tag was last invalidated', () => {
    const marks = new TagMarks()
    expect([marks.of('a'), marks.latest]).toEqual([0, 0])
    marks.set('a', 3)
    marks.set('b', 5)
    marks.set('a', 7)
    expect([marks.of('a'), marks.of('b'), marks.of('c'), marks.latest]).toEqual([7, 5, 0, 7])
  })

  it('stay within 256, and take what they forgot for invalidated then: that costs a miss, never a revival', () => {
    const marks = new TagMarks()
    for (let tag = 1; tag <= 256; tag++) marks.set(`t${tag}`, tag)
    expect(marks.of('never')).toBe(0)
    marks.set('t257', 257)
    // 129 are forgotten: the oldest of what is left is 130, everything unknown counts as 129.
    expect([marks.of('t1'), marks.of('t129'), marks.of('never')]).toEqual([129, 129, 129])
    expect([marks.of('t130'), marks.of('t256'), marks.of('t257'), marks.latest]).toEqual([130, 256, 257, 257])
  })

  it('keep longest what was invalidated last', () => {
    const marks = new TagMarks()
    for (let tag = 1; tag <= 256; tag++) marks.set(`t${tag}`, tag)
    marks.set('t1', 257)
    marks.set('t300', 258)
    expect(marks.of('t1')).toBe(257)
    expect(marks.of('t2')).toBe(130)
  })
})

describe('invalidating many tags', () => {
  it('kills what carries one of them, also where its mark is forgotten, and nothing that came after', async () => {
    const { cache } = createTestCache({ scopes: { organization: 'global' } })
    const acme = cache.at('organization', { organization: 'acme' })
    const other = cache.at('organization', { organization: 'other' })
    for (let tag = 0; tag < 300; tag++) {
      acme.sync.set(`before${tag}`, 1, { tags: [`t${tag}`] })
      other.sync.set(`before${tag}`, 1, { tags: [`t${tag}`] })
    }
    acme.sync.set('untagged', 1)
    for (let tag = 0; tag < 300; tag++) await acme.invalidateTags([`t${tag}`])
    for (let tag = 0; tag < 300; tag++) {
      expect(acme.sync.has(`before${tag}`), `t${tag}`).toBe(false)
      expect(other.sync.has(`before${tag}`)).toBe(true)
      acme.sync.set(`after${tag}`, 1, { tags: [`t${tag}`] })
    }
    expect(acme.sync.has('untagged')).toBe(true)
    for (let tag = 0; tag < 300; tag++) expect(acme.sync.has(`after${tag}`), `t${tag}`).toBe(true)
  })

  it('holds 16 in one call, each in every namespace of the scope', async () => {
    const { cache } = createTestCache()
    const tags = Array.from({ length: 16 }, (_, at) => `t${at}`)
    const space = cache.namespace('space')
    for (const tag of tags) space.global.sync.set(tag, 1, { tags: [tag] })
    space.global.sync.set('other', 1, { tags: ['t16'] })
    await cache.global.invalidateTags(tags)
    for (const tag of tags) expect(space.global.sync.has(tag)).toBe(false)
    expect(space.global.sync.has('other')).toBe(true)
  })

  it('reaches down, never up and never aside', async () => {
    const { cache } = createTestCache({ scopes: { organization: 'global', user: 'organization', tenant: 'global' } })
    const ids = { organization: 'a', user: 'u', tenant: 'a' }
    const scopes = [
      cache.global,
      cache.at('organization', ids),
      cache.at('user', ids),
      cache.at('organization', { ...ids, organization: 'b' }),
      cache.at('tenant', ids),
    ]
    const alive = () => scopes.map((scope) => scope.sync.has('k'))
    for (const scope of scopes) scope.sync.set('k', 1, { tags: ['t'] })
    await cache.at('organization', ids).invalidateTags(['other'])
    expect(alive()).toEqual([true, true, true, true, true])
    await cache.at('organization', ids).invalidateTags(['t'])
    expect(alive()).toEqual([true, false, false, true, true])
    await cache.global.invalidateTags(['t'])
    expect(alive()).toEqual([false, false, false, false, false])
  })

  it('frees their memory in the background', async () => {
    const { cache, clock } = createTestCache({ ttl: '1h' })
    for (let key = 0; key < 100; key++) cache.global.sync.set(key, 1, { tags: [key % 2 ? 'odd' : 'even'] })
    await cache.global.invalidateTags(['odd'])
    expect(cache.stats().entries).toBe(100)
    clock.advance('5s')
    expect(cache.stats()).toMatchObject({ entries: 50, expirations: 0 })
  })
})
