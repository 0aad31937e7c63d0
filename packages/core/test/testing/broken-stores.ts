import { memoryEngine, memoryStore } from '@cacheado/core/testing'
import type { Store, StoreItem } from '../../src/store/store.js'

/** Opens stores on one engine that are wrong in one thing. */
export type OpenBroken = () => Store

const DAY = 86_400_000
const text = (value: Uint8Array) => new TextDecoder().decode(value)
const pause = () => new Promise((resolve) => setTimeout(resolve))

function broken(change: (store: Store) => Partial<Store>): OpenBroken {
  const engine = memoryEngine()
  return () => {
    const store = memoryStore(engine)
    return { ...copyOf(store), ...change(store) }
  }
}

/** The methods of the store as properties, so that some of them can be others. */
function copyOf(store: Store): Store {
  return {
    name: store.name,
    getMany: (keys) => store.getMany(keys),
    set: (items, message) => store.set(items, message),
    create: (item) => store.create(item),
    replace: (item, seen) => store.replace(item, seen),
    delete: (keys) => store.delete(keys),
    keys: (prefix) => store.keys!(prefix),
    bus: store.bus!,
    distrust: () => store.distrust!(),
    close: () => store.close(),
  }
}

/** All operations with other keys. */
function withKeys(rename: (key: string) => string): OpenBroken {
  const renamed = (item: StoreItem) => ({ ...item, key: rename(item.key) })
  return broken((store) => ({
    getMany: (keys) => store.getMany(keys.map(rename)),
    set: (items, message) => store.set(items.map(renamed), message),
    create: (item) => store.create(renamed(item)),
    replace: (item, seen) => store.replace(renamed(item), seen),
    delete: (keys) => store.delete(keys.map(rename)),
  }))
}

/** All writes with another ttl. */
function withTtl(change: (ttl: number) => number): OpenBroken {
  const changed = (item: StoreItem) => ({ ...item, ttl: change(item.ttl) })
  return broken((store) => ({
    set: (items, message) => store.set(items.map(changed), message),
    create: (item) => store.create(changed(item)),
    replace: (item, seen) => store.replace(changed(item), seen),
  }))
}

/** All values that are written as others. */
function withValues(change: (value: Uint8Array) => Uint8Array): OpenBroken {
  const changed = (item: StoreItem) => ({ ...item, value: change(item.value) })
  return broken((store) => ({ set: (items, message) => store.set(items.map(changed), message) }))
}

async function one(store: Store, key: string): Promise<Uint8Array | undefined> {
  return (await store.getMany([key]))[0]
}

const begins = (value: Uint8Array | undefined, seen: Uint8Array | undefined) =>
  value === undefined || seen === undefined ? value === seen : text(value).startsWith(text(seen))

/** Reads, looks and writes: what other processes do in between is lost. */
function replaceInSteps(store: Store): Partial<Store> {
  return {
    async replace(item, seen) {
      if (!begins(await one(store, item.key), seen)) return false
      await pause()
      await store.set([item])
      return true
    },
  }
}

/** Keeps the very bytes it was given, and hands them out. */
function sharedBytes(): OpenBroken {
  const kept = new Map<string, Uint8Array>()
  return broken((store) => ({
    getMany: async (keys) => keys.map((key) => kept.get(key)),
    set: async (items) => items.forEach(({ key, value }) => kept.set(key, value)),
    async replace(item, seen) {
      kept.set(item.key, item.value)
      return store.replace(item, seen)
    },
    async create(item) {
      const value = kept.get(item.key) ?? item.value
      kept.set(item.key, value)
      return value
    },
  }))
}

function handsOutOne(): OpenBroken {
  const handed = new Map<string, Uint8Array>()
  return broken((store) => ({
    async getMany(keys) {
      const values = await store.getMany(keys)
      return values.map((value, at) => {
        const key = keys[at]!
        if (value !== undefined && !handed.has(key)) handed.set(key, value)
        return value && handed.get(key)
      })
    },
  }))
}

/** Wrong stores, by the check that has to find them; some checks have to find several. */
export const BROKEN_STORES: readonly (readonly [check: string, wrong: string, open: OpenBroken])[] = [
  ['opens', 'has no name', broken(() => ({ name: '' }))],
  ['opens', 'rejects connect', broken(() => ({ connect: () => Promise.reject(new Error('no')) }))],
  [
    'order',
    'leaves out what is missing',
    broken((store) => ({ getMany: async (keys) => (await store.getMany(keys)).filter((value) => value) })),
  ],
  [
    'order',
    'gives a key that comes twice once',
    broken((store) => ({ getMany: (keys) => store.getMany([...new Set(keys)]) })),
  ],
  [
    'no-keys',
    'sends a command without keys',
    broken((store) => ({
      getMany: (keys) => (keys.length === 0 ? Promise.reject(new Error('wrong number')) : store.getMany(keys)),
    })),
  ],
  [
    'many-keys',
    'asks for the first hundred',
    broken((store) => ({
      getMany: async (keys) => {
        const values = await store.getMany(keys.slice(0, 100))
        return keys.map((_, at) => values[at])
      },
    })),
  ],
  ['all-bytes', 'takes values for text', withValues((value) => new TextEncoder().encode(text(value)))],
  [
    'empty-value',
    'takes an empty value for none',
    broken((store) => ({
      getMany: async (keys) => (await store.getMany(keys)).map((value) => (value?.length ? value : undefined)),
    })),
  ],
  ['large-value', 'cuts values', withValues((value) => value.slice(0, 65_536))],
  [
    'several-items',
    'writes in any order',
    broken((store) => ({ set: (items, message) => store.set(items.toReversed(), message) })),
  ],
  ['several-items', 'writes the first', broken((store) => ({ set: (items) => store.set(items.slice(0, 1)) }))],
  [
    'overwrites',
    'writes only what is missing',
    broken((store) => ({ set: async (items) => void (await Promise.all(items.map((item) => store.create(item)))) })),
  ],
  ['no-shared-write', 'keeps the bytes it was given', sharedBytes()],
  ['no-shared-write', 'writes all that is behind a view', withValues((value) => new Uint8Array(value.buffer))],
  ['no-shared-read', 'hands out the same bytes twice', handsOutOne()],
  ['close', 'goes on', broken(() => ({ close: async () => {} }))],
  ['ttl-ends', 'takes milliseconds for seconds', withTtl((ttl) => ttl * 1000)],
  ['ttl-shortest', 'rounds to for ever', withTtl((ttl) => Math.floor(ttl / 10) * 10 || 31 * DAY)],
  [
    'ttl-create',
    'forgets the ttl in create',
    broken((store) => ({ create: (item) => store.create({ ...item, ttl: DAY }) })),
  ],
  [
    'ttl-replace',
    'forgets the ttl in replace',
    broken((store) => ({ replace: (item, seen) => store.replace({ ...item, ttl: DAY }, seen) })),
  ],
  [
    'ttl-overwrites',
    'ends with the first ttl',
    (() => {
      const first = new Map<string, number>()
      return broken((store) => ({
        set: (items) =>
          store.set(
            items.map((item) => {
              if (!first.has(item.key)) first.set(item.key, item.ttl)
              return { ...item, ttl: first.get(item.key)! }
            }),
          ),
      }))
    })(),
  ],
  [
    'ttl-longest',
    'takes a long ttl for a date of the past',
    broken((store) => ({ set: (items) => store.set(items.filter(({ ttl }) => ttl <= 30 * DAY)) })),
  ],
  [
    'create',
    'overwrites',
    broken((store) => ({
      async create(item) {
        await store.set([item])
        return item.value.slice()
      },
    })),
  ],
  [
    'create',
    'gives its own value',
    broken((store) => ({
      async create(item) {
        await store.create(item)
        return item.value.slice()
      },
    })),
  ],
  [
    'create-once',
    'creates in steps',
    broken((store) => ({
      async create(item) {
        const existing = await one(store, item.key)
        if (existing !== undefined) return existing
        await pause()
        await store.set([item])
        return item.value.slice()
      },
    })),
  ],
  [
    'replace',
    'compares the whole value',
    broken((store) => ({
      async replace(item, seen) {
        const value = await one(store, item.key)
        if (value?.length !== seen?.length) return false
        return store.replace(item, seen)
      },
    })),
  ],
  [
    'replace-changed',
    'compares the first bytes only',
    broken((store) => ({ replace: (item, seen) => store.replace(item, seen?.subarray(0, 8)) })),
  ],
  [
    'replace-changed',
    'writes what is gone',
    broken((store) => ({
      async replace(item, seen) {
        return store.replace(item, (await one(store, item.key)) && seen)
      },
    })),
  ],
  [
    'replace-missing',
    'overwrites what came meanwhile',
    broken((store) => ({
      async replace(item, seen) {
        if (seen) return store.replace(item, seen)
        await store.set([item])
        return true
      },
    })),
  ],
  ['replace-once', 'replaces in steps', broken(replaceInSteps)],
  ['replace-missing-once', 'replaces in steps', broken(replaceInSteps)],
  [
    'delete',
    'counts what it was asked for',
    broken((store) => ({
      async delete(keys) {
        await store.delete(keys)
        return keys.length
      },
    })),
  ],
  ['delete', 'deletes nothing', broken(() => ({ delete: async (keys) => keys.length }))],
  ['hostile-keys', 'knows no case', withKeys((key) => key.toLowerCase())],
  ['hostile-keys', 'decodes keys', withKeys((key) => key.replaceAll('%7B', '{}'))],
  ['hostile-keys', 'keeps what is in braces only', withKeys((key) => /\{(.+)\}/.exec(key)?.[1] ?? key)],
  ['long-keys', 'cuts keys', withKeys((key) => key.slice(0, 250))],
  [
    'keys',
    'lists one slice',
    broken((store) => ({
      async *keys(prefix) {
        for await (const slice of store.keys!(prefix)) return yield slice
      },
    })),
  ],
  ['keys', 'lists everything', broken((store) => ({ keys: () => store.keys!('') }))],
  [
    'keys-patterns',
    'takes a star for a pattern',
    broken((store) => ({
      async *keys(prefix) {
        const [start = ''] = prefix.split('*')
        yield* store.keys!(prefix.includes('*') ? start : prefix)
      },
    })),
  ],
  [
    'keys-patterns',
    'finds no backslash',
    broken((store) => ({ keys: (prefix) => store.keys!(prefix.replaceAll('\\', '')) })),
  ],
  [
    'distrust',
    'is silent after it',
    broken((store) => {
      let isBroken = false
      return {
        distrust() {
          isBroken = true
          return 'replaced'
        },
        getMany: (keys) => (isBroken ? Promise.reject(new Error('no connection')) : store.getMany(keys)),
      }
    }),
  ],
  ['bus', 'takes messages for text', withBus((message, publish) => publish(new TextEncoder().encode(text(message))))],
  ['bus', 'sends twice', withBus((message, publish) => publish(message).then(() => publish(message)))],
  ['bus', 'sends nothing', withBus(async () => {})],
  [
    'bus-order',
    'lets some messages wait',
    withBus(async (message, publish) => {
      if (text(message).includes('8')) await pause()
      await publish(message)
    }),
  ],
  [
    'bus-set',
    'sends before it writes',
    broken((store) => ({
      async set(items, message) {
        if (message) await store.bus!.publish(message)
        await pause()
        await store.set(items)
      },
    })),
  ],
  [
    'bus-close',
    'goes on listening',
    broken((store) => {
      let isClosed = false
      const refused = () => Promise.reject(new Error('closed'))
      return {
        set: (items, message) => (isClosed ? refused() : store.set(items, message)),
        close: async () => void (isClosed = true),
      }
    }),
  ],
]

function withBus(
  publish: (message: Uint8Array, send: (message: Uint8Array) => Promise<void>) => Promise<void>,
): OpenBroken {
  return broken((store) => ({
    bus: {
      listen: (listener) => store.bus!.listen(listener),
      publish: (message) => publish(message, (sent) => store.bus!.publish(sent)),
    },
  }))
}
