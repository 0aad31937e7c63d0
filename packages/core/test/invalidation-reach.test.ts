import { createTestCache } from '@cacheado/core/testing'
import type { ScopedCache } from '@cacheado/core'
import { describe, expect, it } from 'vitest'

/*
 * T-03: an invalidation kills exactly the subtree that was named. Ids that a prefix, a glob, a pattern, a fold of case or of
 * Unicode would take for one another are 40 families; each stands at four levels.
 */

const LEVELS = {
  organization: 'global',
  user: 'organization',
  session: 'user',
  tenant: 'global',
  project: 'tenant',
} as const
const PATHS = {
  organization: ['organization'],
  user: ['organization', 'user'],
  session: ['organization', 'user', 'session'],
  tenant: ['tenant'],
  project: ['tenant', 'project'],
} as const
type Level = keyof typeof LEVELS
const CHILD: Partial<Record<Level, Level>> = { organization: 'user', user: 'session', tenant: 'project' }

/** The first is invalidated, the others stay. */
const FAMILIES: readonly (readonly [target: string, ...siblings: string[]])[] = [
  ['1', '10', '11', '01', '1.0'],
  ['10', '1', '100', '0'],
  ['0', '00', '-0', '0x0'],
  ['acme', 'acme-corp', 'acmecorp', 'acm', 'ACME'],
  ['acme-corp', 'acme', 'acme-', 'acme_corp'],
  ['users', 'usersAbc', 'user'],
  ['*', 'a', '**', 'anything'],
  ['a*', 'a', 'ab', 'abc'],
  ['?', 'a', '??'],
  ['[ab]', 'a', 'b', '[ab'],
  ['{a,b}', 'a', 'b'],
  ['.*', 'a', '.', '..'],
  ['a.b', 'axb', 'a', 'b'],
  ['^a$', 'a', '^a'],
  ['(a|b)', 'a', 'b'],
  ['%', '%25', '%%', 'a'],
  ['%2F', '/', '%2f', '%252F'],
  ['/', '//', '%2F', '\\'],
  ['a/b', 'a', 'b', 'a%2Fb'],
  ['a:b', 'a', 'b', 'a', 'a::b'],
  ['a|b', 'a', 'b'],
  ['user=a', 'a', 'user'],
  ['organization=p/user=a', 'a', 'p'],
  ['a,b', 'a', 'b'],
  [' ', '  ', '\u00a0', '\u2003'],
  ['a', 'a ', ' a', 'A'],
  ['\u00e9', 'e\u0301', 'e', 'É'],
  ['ﬁ', 'fi', 'f'],
  ['ß', 'ss', 'ẞ'],
  ['ı', 'i', 'I', 'İ'],
  ['a\u200db', 'ab', 'a\u200cb'],
  ['\ufeffa', 'a'],
  ['😀', '😀😀', '😁', ':)'],
  ['\ufffd', '?', '\ufffd\ufffd'],
  ['__proto__', 'constructor', 'prototype', 'toString'],
  ['constructor', '__proto__', 'Object'],
  ['null', 'undefined', 'NaN', 'false'],
  ['[object Object]', 'object', '{}'],
  ['global', 'root', 'all'],
  ['x'.repeat(256), 'x'.repeat(255), 'x', `${'x'.repeat(255)}y`],
  ['é'.repeat(128), 'é'.repeat(127), 'e\u0301'],
]

type Ids = Readonly<Record<string, string>>

interface Sentinel {
  readonly level: Level | 'global'
  readonly ids: Ids
}

/** Every scope around a family at a level: above it, its members, what is below them, and the same ids elsewhere. */
function sentinels(level: Level, family: readonly string[]): Sentinel[] {
  const parents: Ids = Object.fromEntries(PATHS[level].slice(0, -1).map((name) => [name, 'p']))
  const above: Sentinel[] = PATHS[level].slice(0, -1).map((name) => ({ level: name, ids: parents }))
  const members = family.flatMap((id): Sentinel[] => {
    const ids = { ...parents, [level]: id }
    const child = CHILD[level]
    const below =
      child === undefined ? [] : ['x', ...family].map((of) => ({ level: child, ids: { ...ids, [child]: of } }))
    return [{ level, ids }, ...below]
  })
  const elsewhere = family.flatMap((id): Sentinel[] =>
    (Object.keys(PATHS) as Level[])
      .map((other) => ({ level: other, ids: Object.fromEntries(PATHS[other].map((name) => [name, id])) }))
      .filter((sentinel) => !isBelow(sentinel, level, { ...parents, [level]: family[0] as string })),
  )
  return [{ level: 'global', ids: {} }, ...above, ...members, ...elsewhere]
}

function isBelow({ level, ids }: Sentinel, target: Level, of: Ids): boolean {
  const path: readonly string[] = level === 'global' ? [] : PATHS[level]
  return path.includes(target) && PATHS[target].every((name) => ids[name] === of[name])
}

const scope = (cache: ScopedCache, { level, ids }: Sentinel, namespace?: string) =>
  (namespace === undefined ? cache : cache.namespace(namespace)).at(level, ids)

/** What kills a subtree, and whether it spares what carries no tag or lies in another namespace. */
const INVALIDATIONS = {
  'a scope': (cache: ScopedCache, target: Sentinel) => scope(cache, target).invalidate(),
  'a tag in a scope': (cache: ScopedCache, target: Sentinel) => scope(cache, target).invalidateTags(['tagged']),
  'a namespace in a scope': (cache: ScopedCache, target: Sentinel) => scope(cache, target, 'spaced').invalidate(),
}

describe.each(Object.entries(INVALIDATIONS))('invalidating %s', (what, invalidate) => {
  describe.each(['organization', 'user', 'session', 'project'] as const)('at the level %s', (level) => {
    it.each(FAMILIES)('%j kills what is there and below, and nothing else', async (...family) => {
      const named = family[0] as string
      const { cache } = createTestCache({ scopes: LEVELS })
      const all = sentinels(level, family)
      for (const sentinel of all) {
        scope(cache, sentinel).sync.set('plain', 1)
        scope(cache, sentinel).sync.set('tagged', 1, { tags: ['tagged', 'other'] })
        scope(cache, sentinel).sync.set('other', 1, { tags: ['other'] })
        scope(cache, sentinel, 'spaced').sync.set('spaced', 1)
      }
      const parents: Ids = Object.fromEntries(PATHS[level].slice(0, -1).map((name) => [name, 'p']))
      const target = { level, ids: { ...parents, [level]: named } }
      const { applied, entries } = await invalidate(cache, target)
      expect(applied).toBe(true)

      const kills = (sentinel: Sentinel, key: string) =>
        isBelow(sentinel, level, target.ids) &&
        (what === 'a scope' || (what === 'a tag in a scope' ? key === 'tagged' : key === 'spaced'))
      let dead = 0
      let reads = 0
      for (const sentinel of all) {
        for (const key of ['plain', 'tagged', 'other', 'spaced']) {
          const { sync } = scope(cache, sentinel, key === 'spaced' ? 'spaced' : undefined)
          const expected = kills(sentinel, key)
          if (sync.get(key) !== (expected ? undefined : 1))
            expect.fail(`${key} of ${JSON.stringify(sentinel)}: dead ${expected}`)
          if (expected) dead++
          reads++
        }
      }
      expect(dead).toBeGreaterThan(0)
      expect(dead).toBeLessThan(reads / 2)
      // As many hits as there are entries left: nobody else lost one.
      expect(cache.stats()).toMatchObject({ hits: reads - dead, misses: dead })
      if (what === 'a scope')
        expect(entries).toBe(
          new Set(all.filter((one) => isBelow(one, level, target.ids)).map((one) => JSON.stringify(one))).size * 4,
        )
    })
  })
})

describe('an invalidation that names nobody', () => {
  it.each(['', undefined, null, NaN, {}, ['a'], 'a\0', 'x'.repeat(257), '\ud800'])(
    '%j throws and kills nothing',
    async (id) => {
      const { cache } = createTestCache({ scopes: LEVELS })
      cache.global.sync.set('k', 1)
      cache.at('organization', { organization: 'a' }).sync.set('k', 1)
      expect(() => cache.at('organization', { organization: id as string }).invalidate()).toThrow(
        expect.objectContaining({ code: 'ERR_CACHE_SCOPE' }),
      )
      expect(() => cache.at('organisation', { organization: 'a' }).invalidate()).toThrow(
        expect.objectContaining({ code: 'ERR_CACHE_SCOPE' }),
      )
      await expect(cache.current('organization').invalidate()).rejects.toThrow(
        expect.objectContaining({ code: 'ERR_CACHE_SCOPE' }),
      )
      expect(cache.stats().entries).toBe(2)
    },
  )

  it('that is not there yet does nothing', async () => {
    const { cache } = createTestCache({ scopes: LEVELS })
    cache.at('organization', { organization: 'a' }).sync.set('k', 1)
    const nobody = cache.at('organization', { organization: 'b' })
    expect(await nobody.invalidate()).toEqual({ applied: true, entries: 0 })
    expect(await nobody.invalidateTags(['t'])).toEqual({ applied: true, entries: 0 })
    expect(cache.stats().entries).toBe(1)
  })
})

describe('clear', () => {
  it('is the invalidation of everything', async () => {
    const { cache } = createTestCache({ scopes: LEVELS })
    const all = sentinels('user', ['a', 'b'])
    for (const sentinel of all) scope(cache, sentinel).sync.set('k', 1)
    const { entries } = cache.stats()
    expect(await cache.clear()).toEqual({ applied: true, entries })
    for (const sentinel of all) expect(scope(cache, sentinel).sync.has('k')).toBe(false)
    expect(cache.stats().entries).toBe(0)
  })

  it('leaves handles usable that were made before', async () => {
    const { cache } = createTestCache({ scopes: LEVELS })
    const before = cache.at('organization', { organization: 'a' })
    before.sync.set('k', 1)
    await cache.clear()
    before.sync.set('k', 2)
    expect(before.sync.get('k')).toBe(2)
    expect(cache.at('organization', { organization: 'a' }).sync.get('k')).toBe(2)
  })
})
