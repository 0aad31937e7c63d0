// What TypeScript knows of an application that registered its scopes. Compiled by types.test.ts, never run.
import {
  createCache,
  defineScopes,
  fromArguments,
  keyEncoder,
  type CacheEvents,
  type Ids,
  type IdsOf,
  type Level,
  type Lookup,
  type Namespace,
  type Policy,
  type Scope,
} from '@cacheado/core'

export const scopes = defineScopes(
  { organization: 'global', user: 'organization', session: 'user', tenant: 'global', project: 'tenant' },
  { personal: ['user'], secret: ['session'] },
)
declare global {
  namespace Cacheado {
    interface Register {
      scopes: typeof scopes
    }
  }
}

interface Settings {
  readonly theme: string
}

/** Compiles only where both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never
const same = <A, B>(_: Same<A, B>): void => {}

const cache = createCache({ scopes, ttl: '5m', memory: { maxBytes: '64mb', policy: 'lru' } })

// Levels are the declared ones and the root.
same<Level, 'global' | 'organization' | 'user' | 'session' | 'tenant' | 'project'>(true)
export const level: Level = 'organization'
// @ts-expect-error -- a misspelt level
export const misspelt: Level = 'organisation'

// A scope needs the ids of its whole path.
cache.at('global', {})
cache.at('organization', { organization: 'org_1' })
cache.at('user', { organization: 'org_1', user: 7 })
cache.at('session', { organization: 'org_1', user: 7n, session: 's' })
cache.at('project', { tenant: 't', project: 'p' })
// @ts-expect-error -- a user's organization is missing
cache.at('user', { user: 'u' })
// @ts-expect-error -- an organization's id is missing
cache.at('organization', {})
// @ts-expect-error -- the ids are missing
cache.at('organization')
// @ts-expect-error -- a session needs a user too
cache.at('session', { organization: 'o', session: 's' })
// @ts-expect-error -- another tree does not help
cache.at('project', { organization: 'o', project: 'p' })
// @ts-expect-error -- an id may be missing
cache.at('user', { organization: 'o', user: undefined })
// @ts-expect-error -- null is no id
cache.at('organization', { organization: null })
// @ts-expect-error -- a list is no id
cache.at('organization', { organization: ['o'] })
// @ts-expect-error -- a misspelt level
cache.at('usr', { organization: 'o', user: 'u' })

// Ids of other levels are surplus; names that are no level are mistakes.
cache.at('organization', { organization: 'o', user: 'u', project: 'p' })
// @ts-expect-error -- no such level
cache.at('organization', { organization: 'o', usr: 'u' })
export const ids: Ids = { organization: 'o' }
// @ts-expect-error -- as many ids as are known: not surely enough
cache.at('organization', ids)
export const path: IdsOf<'user'> = { organization: 'o', user: 'u' }
cache.at('user', path)
// @ts-expect-error -- the path lacks an id
export const short: IdsOf<'user'> = { user: 'u' }
/** Whichever level it is: the ids of all of them. */
export const any = (level: 'organization' | 'user', organization: string, user: string) =>
  cache.at(level, { organization, user })
// @ts-expect-error -- it may be the user's level
export const either = (level: 'organization' | 'user', organization: string) => cache.at(level, { organization })

// The same for whatever takes levels or ids.
cache.current('user')
// @ts-expect-error -- a misspelt level
cache.current('usr')
cache.run({ organization: 'o' }, () => 1) satisfies number
// @ts-expect-error -- no such level
cache.run({ organisation: 'o' }, () => 1)
// @ts-expect-error -- a misspelt level
void cache.topScopes('usr')
// @ts-expect-error -- no such count
void cache.topScopes('user', 10, 'hitRatio')
export const identity: { readonly organization?: string | number | bigint | undefined } = cache.identity()
const settings = cache.namespace<Settings>('settings', { ttl: '1h', maxEntries: 100 })
settings.at('user', { organization: 'o', user: 'u' })
// @ts-expect-error -- a user's organization is missing
settings.at('user', { user: 'u' })
// @ts-expect-error -- a misspelt level
settings.current('usr')

// Values have types.
const user: Scope = cache.at('user', { organization: 'o', user: 'u' })
const own: Scope<Settings> = settings.at('user', { organization: 'o', user: 'u' })
same<typeof settings, Namespace<Settings>>(true)
export async function values(): Promise<void> {
  const setting = await own.get('settings')
  same<typeof setting, Settings | undefined>(true)
  const anything = await user.get('settings')
  same<typeof anything, unknown>(true)
  const theme: string | undefined = (await user.get<Settings>('settings'))?.theme
  const loaded: number = await user.getOrSet(['invoice', 1], async (context) => (context.signal.aborted ? 1 : 2), {
    ttl: '10m',
    tags: ['a'],
  })
  const previous: number = await user.getOrSet<number>('n', ({ previous }) => (previous?.value ?? 0) + 1)
  const now: string = user.sync.getOrSet('s', () => 'now')
  const list: (Settings | undefined)[] = await own.getMany(['a', 'b'])
  const many: number[] = await user.getOrSetMany([1, 2], async (missing) => missing.map((id) => id * 2))
  const found: Lookup<Settings> = await own.lookup('settings')
  if (found.hit) void [found.value.theme, found.age, found.stale]
  // @ts-expect-error -- a miss has no value
  void found.value
  await own.set('settings', { theme: 'dark' }, { ttl: '1h' })
  // @ts-expect-error -- no settings
  await own.set('settings', { them: 'dark' })
  // @ts-expect-error -- a key is a text, a number or a tuple
  await own.get({ id: 1 })
  // @ts-expect-error -- nor a boolean
  await own.get(true)
  void [theme, loaded, previous, now, list, many]
}

// Functions keep their signature.
const load = async (id: number, deep?: boolean): Promise<Settings> => ({ theme: `${id}${deep}` })
const wrapped = cache.wrap(load, {
  name: 'load',
  scope: 'user',
  ttl: '10m',
  key: (id) => id,
  cacheIf: (value) => value.theme !== '',
})
const byArguments = cache.wrap(async (ids: { organization: string }) => ids.organization.length, {
  name: 'by',
  scope: 'organization',
  identity: fromArguments,
})
const sum = cache.wrapSync((a: number, b: number) => a + b, { name: 'sum', scope: 'global' })
const each = cache.wrapMany(async (ids: readonly number[]) => ids.map(String), { name: 'each', scope: 'organization' })
export async function functions(): Promise<void> {
  const one: Settings = await wrapped(1)
  const refreshed: Settings = await wrapped.refresh(1, true)
  const deleted: boolean = await wrapped.delete(1)
  const length: number = await byArguments({ organization: 'o' })
  const total: number = sum(1, 2)
  const texts: string[] = await each([1, 2])
  // @ts-expect-error -- not its arguments
  await wrapped('1')
  // @ts-expect-error -- not its arguments
  sum(1)
  // @ts-expect-error -- not its items
  await each(['1'])
  void [one, refreshed, deleted, length, total, texts]
}
// @ts-expect-error -- a misspelt level
cache.wrap(load, { name: 'load2', scope: 'usr' })
// @ts-expect-error -- no name
cache.wrap(load, { scope: 'user' })
cache.wrap(load, {
  name: 'load3',
  scope: 'user',
  // @ts-expect-error -- ids of a level that does not exist
  identity: () => ({ organisation: 'o' }),
})

// Options.
export const policy: Policy<Settings> = {
  ttl: 'max',
  staleWhileRevalidate: '1.5h',
  jitter: 0.1,
  cacheIf: ({ theme }) => theme !== '',
}
// @ts-expect-error -- no unit
createCache({ ttl: '5' })
// @ts-expect-error -- no such unit
createCache({ ttl: '5 minutes' })
// @ts-expect-error -- no such option
createCache({ tll: '5m' })
// @ts-expect-error -- no such policy
createCache({ memory: { policy: 'lur' } })
// @ts-expect-error -- no such unit
createCache({ memory: { maxBytes: '64MB' } })
// @ts-expect-error -- no such way to treat values
createCache({ values: 'copy' })
createCache({ logger: console })
createCache({
  keyEncoders: [keyEncoder('URL', URL, (url) => url.href), keyEncoder('Date', Date, (date) => date.getTime())],
})

// Events.
const stop: () => void = cache.on(
  'load',
  ({ namespace, level, duration }) => void [namespace, level, duration.toFixed()],
)
stop()
cache.on('bypass', ({ reason }) => {
  switch (reason) {
    case 'scope-unresolved':
    case 'key-too-long':
      break
    // @ts-expect-error -- no such reason
    case 'whatever':
      break
    default:
  }
})
// @ts-expect-error -- no such event
cache.on('hits', () => {})
// @ts-expect-error -- events name no ids
cache.on('hit', ({ ids }) => void ids)
export const event: CacheEvents['invalidate'] = { namespace: '', level: 'user', entries: 1, tags: 0 }
