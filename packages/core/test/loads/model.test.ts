import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Load, Scope, ScopedCache } from '@cacheado/core'
import { testCache } from '../support/caches.js'
import { watch, type Watched } from '../support/hand-loader.js'
import { SEED } from '../support/seed.js'
import { settle } from '../support/settle.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'
import { ReferenceModel, type Caller, type OpenLoad } from './reference-model.js'

expectNoUnhandledRejection()

const SCOPES = ['', 'acme', 'acme/alice', 'acme/bob', 'globex', 'globex/alice'] as const
const KEYS = ['a', 'b'] as const
const TAGS = ['s', 't'] as const

class Failure extends Error {
  constructor(readonly number: number) {
    super('asked for')
  }
}

/** The cache under test, with the ends of its open loads in the hands of the test. */
class Real {
  readonly made = testCache({ memory: { maxEntries: 1000 } })
  readonly cache: ScopedCache = this.made.cache
  readonly calls: { caller: Caller; watched: Watched<unknown> }[] = []
  readonly ends = new Map<Caller, (ok: boolean) => void>()
  #handles = new Map<string, Scope>()

  /** A handle on the scope: a new one, or the one from before. */
  scope(path: string, fresh: boolean): Scope {
    let scope = fresh ? undefined : this.#handles.get(path)
    if (scope === undefined) {
      const [organization, user] = path.split('/')
      if (path === '') scope = this.cache.global
      else if (user === undefined) scope = this.cache.at('organization', { organization })
      else scope = this.cache.at('user', { organization, user })
      this.#handles.set(path, scope)
    }
    return scope
  }

  loader(caller: Caller): Load<number> {
    return (context) => {
      context.tags(caller.tags)
      if (caller.kind === 'ok') return caller.value
      if (caller.kind === 'throw') throw new Failure(caller.value)
      return new Promise((resolve, reject) =>
        this.ends.set(caller, (ok) => (ok ? resolve(caller.value) : reject(new Failure(caller.value)))),
      )
    }
  }
}

type Model = ReferenceModel
interface Step {
  readonly scope: (typeof SCOPES)[number]
  readonly key: (typeof KEYS)[number]
  readonly value: number
  readonly ttl: number
  readonly tags: readonly string[]
  readonly fresh: boolean
}

/** One thing that is done to both; afterwards both must agree on every call that is not over yet. */
class Command implements fc.AsyncCommand<Model, Real> {
  constructor(
    readonly name: string,
    readonly step: Step,
    readonly act: (model: Model, real: Real, step: Step & { place: string; target: Scope }) => unknown,
    readonly possible: (model: Model, step: Step) => boolean = () => true,
  ) {}

  check(model: Readonly<Model>): boolean {
    return this.possible(model as Model, this.step)
  }

  async run(model: Model, real: Real): Promise<void> {
    const { scope, key, fresh } = this.step
    await this.act(model, real, { ...this.step, place: `${scope}#${key}`, target: real.scope(scope, fresh) })
    await settle()
    for (const { caller, watched } of real.calls) expect(told(watched)).toEqual(caller.outcome)
    const open = real.calls.filter(({ caller }) => caller.outcome === undefined)
    real.calls.splice(0, real.calls.length, ...open)
  }

  toString(): string {
    const { scope, key, value, ttl, tags } = this.step
    return `${this.name}(${scope}#${key}, ${value}, ttl ${ttl}, tags [${tags.join()}])`
  }
}

function told(watched: Watched<unknown>): unknown {
  if (watched.state === 'pending') return undefined
  return watched.state === 'fulfilled' ? { value: watched.value } : { error: (watched.error as Failure).number }
}

function getOrSet(kind: Caller['kind'], refresh: boolean): Command['act'] {
  return (model, real, { place, target, key, value, ttl, tags }) => {
    const caller: Caller = { kind, value, ttl, tags, attempts: 0, joinedAt: 0 }
    model.getOrSet(place, caller, refresh)
    real.calls.push({ caller, watched: watch(target.getOrSet(key, real.loader(caller), { ttl, refresh })) })
  }
}

function getOrSetSync(kind: 'ok' | 'throw'): Command['act'] {
  return (model, real, { place, target, key, value, ttl, tags }) => {
    const caller: Caller = { kind, value, ttl, tags, attempts: 0, joinedAt: 0 }
    model.getOrSetSync(place, caller)
    const call = async () => target.sync.getOrSet(key, real.loader(caller) as () => number, { ttl })
    real.calls.push({ caller, watched: watch(call()) })
  }
}

function end(ok: boolean): Command['act'] {
  return (model, real, { value }) => {
    const load = model.open[value % model.open.length] as OpenLoad
    model.end(load, ok)
    real.ends.get(load.caller)?.(ok)
  }
}

const ACTS: Record<string, [Command['act'], Command['possible']?]> = {
  get: [async (model, _real, { place, target, key }) => expect(await target.get(key)).toBe(model.get(place))],
  'sync.get': [(model, _real, { place, target, key }) => expect(target.sync.get(key)).toBe(model.get(place))],
  has: [
    async (model, _real, { place, target, key }) => expect(await target.has(key)).toBe(model.get(place) !== undefined),
  ],
  lookup: [
    async (model, _real, { place, target, key }) =>
      expect(await target.lookup(key)).toMatchObject(
        model.get(place) === undefined ? { hit: false } : { hit: true, value: model.get(place) },
      ),
  ],
  set: [
    async (model, _real, { place, target, key, value, ttl, tags }) => {
      model.set(place, value, ttl, tags)
      await target.set(key, value, { ttl, tags })
    },
  ],
  delete: [async (model, _real, { place, target, key }) => expect(await target.delete(key)).toBe(model.delete(place))],
  'sync.delete': [(model, _real, { place, target, key }) => expect(target.sync.delete(key)).toBe(model.delete(place))],
  getOrSet: [getOrSet('ok', false)],
  'getOrSet that throws': [getOrSet('throw', false)],
  'getOrSet that takes time': [getOrSet('slow', false)],
  refresh: [getOrSet('ok', true)],
  'refresh that throws': [getOrSet('throw', true)],
  'refresh that takes time': [getOrSet('slow', true)],
  'sync.getOrSet': [getOrSetSync('ok')],
  'sync.getOrSet that throws': [getOrSetSync('throw')],
  'a load ends': [end(true), (model) => model.open.length > 0],
  'a load fails': [end(false), (model) => model.open.length > 0],
  invalidate: [
    (model, _real, { scope, target }) => {
      model.invalidate(scope)
      return target.invalidate()
    },
  ],
  invalidateTags: [
    (model, _real, { scope, target, tags }) => {
      model.invalidateTags(scope, tags)
      return target.invalidateTags(tags)
    },
  ],
  clear: [
    (model, real) => {
      model.invalidate('')
      return real.cache.clear()
    },
    (_model, { value }) => value % 3 === 0,
  ],
  advance: [
    (model, real, { ttl }) => {
      model.now += ttl
      real.made.clock.advance(ttl)
    },
    (model, { ttl }) => model.canPass(ttl),
  ],
}

const step: fc.Arbitrary<Step> = fc.record({
  scope: fc.constantFrom(...SCOPES),
  key: fc.constantFrom(...KEYS),
  value: fc.nat(1_000_000),
  ttl: fc.constantFrom(1, 50, 100, 250),
  tags: fc.subarray([...TAGS]),
  fresh: fc.boolean(),
})
const commands = Object.entries(ACTS).map(([name, [act, possible]]) =>
  step.map((made) => new Command(name, made, act, possible)),
)

describe('one process', () => {
  it(`does what a map of values and a map of loads would do, whatever is asked of it (seed ${SEED})`, async () => {
    const property = fc.asyncProperty(fc.commands(commands, { maxCommands: 60, size: 'max' }), async (sequence) => {
      const real = new Real()
      const model = new ReferenceModel()
      await fc.asyncModelRun(() => ({ model, real }), sequence)
      for (const scope of SCOPES) {
        for (const key of KEYS) expect(real.scope(scope, true).sync.get(key)).toBe(model.get(`${scope}#${key}`))
      }
      for (const load of [...model.open]) real.ends.get(load.caller)?.(false)
    })
    await fc.assert(property, {
      seed: SEED,
      numRuns: 2000,
      interruptAfterTimeLimit: 100_000,
      markInterruptAsFailure: true,
    })
  }, 120_000)
})
