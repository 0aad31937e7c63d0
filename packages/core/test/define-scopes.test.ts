import { createCache, defineScopes, type Scopes } from '@cacheado/core'
import { describe, expect, it } from 'vitest'
import { ScopeForest, scopeForest } from '../src/define-scopes.js'

const config = (option: string) => expect.objectContaining({ code: 'ERR_CACHE_CONFIG', option })
const names = (forest: ScopeForest, level: string) => forest.level(level).path.map((step) => step.name)
/** What the compiler refuses too. */
const declare = defineScopes as (levels: unknown, traits?: unknown) => Scopes

describe('declared scopes', () => {
  const forest = scopeForest(
    defineScopes(
      {
        session: 'user',
        user: 'organization',
        organization: 'global',
        tenant: 'global',
        project: 'tenant',
        folder: 'tenant',
      },
      { personal: ['user'], secret: ['session'] },
    ),
  )

  it('know the path of each level from the root down, whatever order they were declared in', () => {
    expect(names(forest, 'global')).toEqual([])
    expect(names(forest, 'organization')).toEqual(['organization'])
    expect(names(forest, 'session')).toEqual(['organization', 'user', 'session'])
    expect(names(forest, 'project')).toEqual(['tenant', 'project'])
  })

  it('tell the levels of one parent apart by number', () => {
    expect(forest.level('organization').ordinal).not.toBe(forest.level('tenant').ordinal)
    expect(forest.level('project').ordinal).not.toBe(forest.level('folder').ordinal)
  })

  it('make a level personal with all below it, and secret alone', () => {
    const traits = (level: string) => [forest.level(level).personal, forest.level(level).secret]
    expect(traits('global')).toEqual([false, false])
    expect(traits('organization')).toEqual([false, false])
    expect(traits('user')).toEqual([true, false])
    expect(traits('session')).toEqual([true, true])
    expect(traits('tenant')).toEqual([false, false])
  })

  it('refuse a level that is not declared: it must never mean everyone', () => {
    expect(forest.has('user')).toBe(true)
    expect(forest.has('global')).toBe(true)
    for (const level of ['usr', '', 'User', '__proto__', 'constructor', 'toString', undefined, null, {}]) {
      expect(forest.has(level as string)).toBe(false)
      expect(() => forest.level(level as string)).toThrow(expect.objectContaining({ code: 'ERR_CACHE_SCOPE' }))
    }
  })

  it('can be as many trees as needed, and none', () => {
    expect(names(scopeForest(undefined), 'global')).toEqual([])
    expect(names(scopeForest({}), 'global')).toEqual([])
    expect(names(scopeForest({ a: 'global', b: 'global', c: 'b' }), 'c')).toEqual(['b', 'c'])
  })

  it('take the names that objects have anyway', () => {
    const forest = scopeForest({ constructor: 'global', toString: 'constructor', hasOwnProperty: 'toString' })
    expect(names(forest, 'hasOwnProperty')).toEqual(['constructor', 'toString', 'hasOwnProperty'])
  })

  it('cannot be changed afterwards', () => {
    const levels: Record<string, string> = { organization: 'global' }
    const scopes = declare(levels)
    levels['user'] = 'organization'
    expect(scopes.levels).toEqual({ organization: 'global' })
    expect(Object.isFrozen(scopes.levels)).toBe(true)
  })
})

describe('scopes that cannot be', () => {
  it.each([
    ['a level below itself', { a: 'a' }, 'scopes.a'],
    ['a cycle', { a: 'b', b: 'c', c: 'a' }, 'scopes.a'],
    ['an unknown parent', { user: 'organisation' }, 'scopes.user'],
    ['an unknown parent further up', { session: 'user', user: 'nobody' }, 'scopes.user'],
    ['a parent that every object has', { user: 'constructor' }, 'scopes.user'],
    ['a parent that is no text', { user: 7 }, 'scopes.user'],
    ['a parent that is nothing', { user: undefined }, 'scopes.user'],
    ['another root', { global: 'organization', organization: 'global' }, 'scopes.global'],
    ['an empty name', { '': 'global' }, 'scopes'],
    ['a name with a separator', { 'a/b': 'global' }, 'scopes'],
    ['a name that begins with a digit', { '1a': 'global' }, 'scopes'],
    ['a name of 65 letters', { ['a'.repeat(65)]: 'global' }, 'scopes'],
    ['the name of the prototype', JSON.parse('{ "__proto__": "global" }'), 'scopes'],
    ['a list', ['organization'], 'scopes'],
    ['a text', 'organization', 'scopes'],
    ['null', null, 'scopes'],
  ])('%s', (_, levels, option) => {
    expect(() => declare(levels)).toThrow(config(option))
    expect(() => createCache({ scopes: levels as Record<string, string> })).toThrow(config(option))
  })

  it.each([
    ['personal', { personal: ['usr'] }],
    ['personal', { personal: 'user' }],
    ['personal', { personal: ['toString'] }],
    ['secret', { secret: ['global'] }],
    ['secret', { secret: [undefined] }],
  ])('traits of levels that are not declared: %s of %j', (trait, traits) => {
    expect(() => declare({ user: 'global' }, traits)).toThrow(config(`scopes.${trait}`))
  })
})

describe('scopes of another copy of the package', () => {
  it('are read again, with their traits', () => {
    const { levels, traits } = new ScopeForest(
      { user: 'global', session: 'user' },
      { personal: ['user'], secret: ['session'] },
    )
    const foreign = { levels, traits } as unknown as Scopes
    const forest = scopeForest(foreign)
    expect(forest).toBeInstanceOf(ScopeForest)
    expect(names(forest, 'session')).toEqual(['user', 'session'])
    expect(forest.level('session')).toMatchObject({ personal: true, secret: true })
  })

  it('are not taken for a plain map with such level names', () => {
    const forest = scopeForest({ levels: 'global', traits: 'levels' })
    expect(names(forest, 'traits')).toEqual(['levels', 'traits'])
  })

  it('are taken as they are where they are our own', () => {
    const scopes = defineScopes({ user: 'global' })
    expect(scopeForest(scopes)).toBe(scopes)
  })
})
