import type { EvictionPolicyName, ScopedCache } from '@cacheado/core'
import { createTestCache, type ManualClock } from '@cacheado/core/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { audit, expectEmpty } from '../support/audit.js'
import { SEED } from '../support/seed.js'

/*
 * The memory tier against a plain map: random operations, and after each of them every count is taken anew.
 */

const LEVELS = { organization: 'global', user: 'organization', tenant: 'global' } as const

interface At {
  readonly level: 'global' | 'organization' | 'user' | 'tenant'
  readonly ids: { readonly organization: string; readonly user: string; readonly tenant: string }
  readonly space: string
}

interface Known {
  readonly at: At
  readonly key: string
  readonly value: unknown
  readonly expires: number
  readonly tags: readonly string[]
}

/** What should be there. */
class Model {
  now = 0
  readonly entries = new Map<string, Known>()
  /** Everything that was ever there. */
  readonly written = new Map<string, Pick<Known, 'at' | 'key'>>()

  find(at: At, key: string): Known | undefined {
    const known = this.entries.get(name(at, key))
    return known && known.expires > this.now ? known : undefined
  }

  drop(dead: (known: Known) => boolean): void {
    for (const [name, known] of this.entries) if (dead(known)) this.entries.delete(name)
  }

  get alive(): Known[] {
    return [...this.entries.values()].filter(({ expires }) => expires > this.now)
  }
}

class Real {
  readonly cache: ScopedCache
  readonly clock: ManualClock

  constructor(
    /** Whether it keeps everything: else entries may be missing, but never wrong. */
    readonly complete: boolean,
    policy: EvictionPolicyName,
  ) {
    const bounds = complete ? { maxEntries: Infinity, maxBytes: Infinity } : { maxEntries: 5, maxBytes: 5000 }
    const made = createTestCache({ scopes: LEVELS, memory: { ...bounds, policy } })
    this.cache = made.cache
    this.clock = made.clock
    this.cache.namespace('small', complete ? {} : { maxEntries: 2, maxBytes: 1000 })
    this.cache.namespace('plain')
  }

  scope({ level, ids, space }: At) {
    const namespace = { '': this.cache, plain: this.cache.namespace('plain'), small: undefined }[space]
    return (namespace ?? this.cache.namespace('small', this.complete ? {} : { maxEntries: 2, maxBytes: 1000 })).at(
      level,
      ids,
    )
  }

  check(model: Model): void {
    const { entries } = audit(this.cache)
    const { memory } = this.cache.health()
    expect(memory.entries).toBe(entries)
    if (this.complete) expect(entries).toBeGreaterThanOrEqual(model.alive.length)
    else expect(entries).toBeLessThanOrEqual(5)
    if (!this.complete && entries > 1) expect(memory.bytes).toBeLessThanOrEqual(5000 + 2 * 960)
  }
}

const path = ({ level, ids }: Pick<At, 'level' | 'ids'>): string[] =>
  ({
    global: [],
    organization: ['o', ids.organization],
    user: ['o', ids.organization, 'u', ids.user],
    tenant: ['t', ids.tenant],
  })[level]
const name = (at: At, key: string) => JSON.stringify([...path(at), at.space, key])
const isBelow = (at: At, of: At) => path(of).every((step, index) => path(at)[index] === step)

type Command = fc.Command<Model, Real>
const command = (shown: string, run: (model: Model, real: Real) => void): Command => ({
  check: () => true,
  run(model, real) {
    run(model, real)
    real.check(model)
  },
  toString: () => shown,
})

const letter = fc.constantFrom('a', 'b')
const at: fc.Arbitrary<At> = fc.record({
  level: fc.constantFrom('global', 'organization', 'user', 'tenant'),
  ids: fc.record({ organization: letter, user: letter, tenant: letter }),
  space: fc.constantFrom('', 'plain', 'small'),
})
const tags = fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { maxLength: 2 })
const ttl = fc.integer({ min: 1, max: 150 })
const value = fc.oneof(
  fc.integer(),
  fc.string({ maxLength: 40 }),
  fc.record({ list: fc.array(fc.integer(), { maxLength: 5 }) }),
  fc.constant(undefined),
)
const show = (at: At) => `${at.space}/${path(at).join('.')}`

function remember(model: Model, at: At, key: string, known: Pick<Known, 'value' | 'tags'> & { ttl: number }): void {
  model.written.set(name(at, key), { at, key })
  model.entries.set(name(at, key), { at, key, value: known.value, tags: known.tags, expires: model.now + known.ttl })
}

const set = fc.record({ at, key: letter, value, ttl, tags }).map(({ at, key, value, ttl, tags }) =>
  command(`set(${show(at)}, ${key}, ttl ${ttl}, ${tags.join('+')})`, (model, real) => {
    real.scope(at).sync.set(key, value, { ttl, tags })
    remember(model, at, key, { value, ttl, tags })
  }),
)

const look = fc.constant(
  command('look at everything', (model, real) => {
    for (const { at, key } of model.written.values()) {
      const has = real.scope(at).sync.has(key)
      if (has !== (model.find(at, key) !== undefined) && (real.complete || has))
        expect.fail(`${key} of ${show(at)}: there ${has}`)
    }
  }),
)

const get = fc.record({ at, key: letter }).map(({ at, key }) =>
  command(`get(${show(at)}, ${key})`, (model, real) => {
    const known = model.find(at, key)
    const has = real.scope(at).sync.has(key)
    if (real.complete) expect(has).toBe(known !== undefined)
    if (has) expect(known).toBeDefined()
    expect(real.scope(at).sync.get(key)).toEqual(has ? known?.value : undefined)
  }),
)

const getOrSet = fc.record({ at, key: letter, value, ttl, tags }).map(({ at, key, value, ttl, tags }) =>
  command(`getOrSet(${show(at)}, ${key}, ttl ${ttl})`, (model, real) => {
    let loaded = false
    const result = real.scope(at).sync.getOrSet(key, () => ((loaded = true), value), { ttl, tags })
    const known = model.find(at, key)
    if (real.complete) expect(loaded).toBe(known === undefined)
    if (!loaded) expect(result).toEqual(known?.value)
    if (loaded) remember(model, at, key, { value, ttl, tags })
  }),
)

const remove = fc.record({ at, key: letter }).map(({ at, key }) =>
  command(`delete(${show(at)}, ${key})`, (model, real) => {
    const deleted = real.scope(at).sync.delete(key)
    if (real.complete) expect(deleted).toBe(model.find(at, key) !== undefined)
    model.entries.delete(name(at, key))
  }),
)

const invalidate = at.map((at) =>
  command(`invalidate(${show(at)})`, (model, real) => {
    void real.scope(at).invalidate()
    model.drop((known) => isBelow(known.at, at) && (at.space === '' || known.at.space === at.space))
  }),
)

const invalidateTags = fc.record({ at, tag: fc.constantFrom('x', 'y', 'z') }).map(({ at, tag }) =>
  command(`invalidateTags(${show(at)}, ${tag})`, (model, real) => {
    void real.scope(at).invalidateTags([tag])
    model.drop((known) => isBelow(known.at, at) && known.tags.includes(tag))
  }),
)

const pass = fc.integer({ min: 0, max: 30 }).map((ms) =>
  command(`pass(${ms})`, (model, real) => {
    real.clock.advance(ms)
    model.now += ms
  }),
)

const clear = fc.constant(
  command('clear()', (model, real) => {
    void real.cache.clear()
    model.entries.clear()
  }),
)

const commands = fc.commands(
  [set, set, set, set, get, get, look, look, getOrSet, getOrSet, remove, invalidate, invalidateTags, pass, pass, clear],
  {
    maxCommands: 80,
  },
)

describe.each([
  ['without bounds', true],
  ['within bounds, where entries may be missing but are never wrong', false],
])('the memory tier %s', (_, complete) => {
  it.each(['second-chance', 'lru', 'lfu', 'fifo'] as const)(
    `does what a map does, with %s (seed ${SEED})`,
    (policy) => {
      fc.assert(
        fc.property(commands, (commands) => {
          const model = new Model()
          const real = new Real(complete, policy)
          fc.modelRun(() => ({ model, real }), commands)
          // After a sweep nothing is there that has expired, and after all has, nothing.
          real.clock.advance('10s')
          expectEmpty(real.cache)
        }),
        { seed: SEED, numRuns: 500 },
      )
    },
  )
})

describe('after any operations', () => {
  it(`clearing frees everything (seed ${SEED})`, () => {
    fc.assert(
      fc.property(commands, (commands) => {
        const model = new Model()
        const real = new Real(true, 'second-chance')
        fc.modelRun(() => ({ model, real }), commands)
        void real.cache.clear()
        expect(real.cache.health().memory).toMatchObject({ entries: 0, bytes: 0 })
        real.clock.advance(1)
        expectEmpty(real.cache)
      }),
      { seed: SEED, numRuns: 200 },
    )
  })

  it(`closing frees everything, and no timer stays (seed ${SEED})`, () => {
    fc.assert(
      fc.property(commands, (commands) => {
        const real = new Real(true, 'lru')
        fc.modelRun(() => ({ model: new Model(), real }), commands)
        void real.cache.close()
        real.clock.advance(1)
        expectEmpty(real.cache)
        expect(real.clock.pending).toBe(0)
      }),
      { seed: SEED, numRuns: 100 },
    )
  })
})
