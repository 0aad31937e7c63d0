import type { Store } from '@cacheado/core/store'
import { describe, expect, it } from 'vitest'
import { acme, alice, bob, zoe } from '../support/caches.js'
import { handLoader, watch } from '../support/hand-loader.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'
import { cluster } from './cluster.js'

expectNoUnhandledRejection()

/** The findings of peers.md that concern a second tier. */
describe('what other caches get wrong', () => {
  it('R1: a store that hangs costs a cold key its read deadline once, and nothing after five of them', async () => {
    const made = await cluster({ nodes: 1 })
    const { cache, store } = made.node(0)
    await cache.global.set('warm', 1)
    store.plan('hang')
    const frozen = watch(cache.global.getOrSet('cold', () => 'loaded'))
    await made.pass(99)
    expect(frozen.state).toBe('pending')
    await made.pass(1)
    expect(frozen).toMatchObject({ state: 'fulfilled', value: 'loaded' })
    for (let request = 0; request < 4; request++) {
      const next = watch(cache.global.getOrSet(`cold ${request}`, () => 'loaded'))
      await made.pass(100)
      expect(next).toMatchObject({ state: 'fulfilled', value: 'loaded' })
    }
    const later = watch(cache.global.getOrSet('colder', () => 'loaded'))
    await made.settle()
    expect(later).toMatchObject({ state: 'fulfilled', value: 'loaded' })
    expect(await cache.global.get('warm')).toBe(1)
    await made.close()
  })

  it.each([
    [
      'an invalidated scope',
      (made: Awaited<ReturnType<typeof cluster>>, node: number) =>
        made.node(node).cache.at('organization', acme).invalidate(),
    ],
    ['an invalidated tag', (made, node) => made.node(node).cache.at('organization', acme).invalidateTags(['t'])],
    ['a deleted key', (made, node) => made.node(node).cache.at('user', alice).delete('k')],
  ] as readonly [string, (made: Awaited<ReturnType<typeof cluster>>, node: number) => Promise<unknown>][])(
    'R2: a load that was under way keeps nothing of %s, and nobody who comes later waits for it',
    async (_what, forget) => {
      for (const node of [0, 1]) {
        const made = await cluster()
        const here = made.node(0).cache.at('user', alice)
        const { load, run, runs } = handLoader<string>()
        const first = here.getOrSet('k', load, { tags: ['t'] })
        await made.settle()
        await forget(made, node)
        await made.settle()
        const later = watch(here.getOrSet('k', load, { tags: ['t'] }))
        await made.settle()
        expect(runs).toHaveLength(2)
        run(0).resolve('old')
        expect(await first).toBe('old')
        await made.settle()
        expect(later.state).toBe('pending')
        run(1).resolve('new')
        await made.settle()
        expect(later.value).toBe('new')
        expect(await made.node(1).cache.at('user', alice).get('k')).toBe('new')
        await made.close()
      }
    },
  )

  it('R5: separators in a namespace, an id or a key alias nothing', async () => {
    const made = await cluster()
    const [writer, reader] = [made.node(0).cache, made.node(1).cache]
    await writer.namespace('a').global.set('b:c', 1)
    await writer.at('user', { organization: 'a', user: 'b/c' }).set('k', 2)
    await made.settle()
    for (const separator of [':', '::', '/', '.']) {
      expect(await reader.namespace(`a${separator}b`).global.get('c')).toBeUndefined()
      expect(await reader.at('user', { organization: `a${separator}b`, user: 'c' }).get('k')).toBeUndefined()
    }
    expect(await reader.namespace('a').global.get('b:c')).toBe(1)
    expect(await reader.at('user', { organization: 'a', user: 'b/c' }).get('k')).toBe(2)
    await made.close()
  })

  it('R6: an id of glob characters invalidates and purges itself alone', async () => {
    const made = await cluster()
    const [writer, reader] = [made.node(0).cache, made.node(1).cache]
    const tenants = ['tenantA', 'tenantB', 'tenant', 'ten']
    for (const tenant of [...tenants, 'tenant?', '*', '[a-z]*']) await writer.at('tenant', { tenant }).set('k', tenant)
    for (const tenant of ['tenant?', '*', '[a-z]*']) {
      await writer.at('tenant', { tenant }).purge()
      await made.settle()
      expect(await reader.at('tenant', { tenant }).get('k')).toBeUndefined()
    }
    for (const tenant of tenants) expect(await reader.at('tenant', { tenant }).get('k')).toBe(tenant)
    await made.close()
  })

  it('R7: an invalidation from above reaches a process that only ever opened the leaf, tags in namespaces included', async () => {
    const made = await cluster()
    const [a, b] = [made.node(0).cache, made.node(1).cache]
    await b.at('user', alice).set('k', 'old')
    await b
      .namespace('n')
      .at('user', alice)
      .set('k', 'old', { tags: ['t'] })
    await b.at('user', zoe).set('k', 'other')
    await a.global.invalidateTags(['t'])
    await made.settle()
    expect(await b.namespace('n').at('user', alice).get('k')).toBeUndefined()
    expect(await b.at('user', alice).get('k')).toBe('old')
    await a.at('organization', acme).invalidate()
    await made.settle()
    expect(b.at('user', alice).sync.get('k')).toBeUndefined()
    expect(await b.at('user', alice).get('k')).toBeUndefined()
    expect(await b.at('user', zoe).get('k')).toBe('other')
    await made.close()
  })

  it('R8: an invalidation is one write, whatever the scope holds, and reads nothing', async () => {
    const operations: string[] = []
    const made = await cluster({ nodes: 1, wrap: (store) => counting(store, operations) })
    const { cache } = made.node(0)
    const costs: string[][] = []
    for (const entries of [10, 2000]) {
      await cache.at('user', bob).setMany(Array.from({ length: entries }, (_, at) => [`${entries} ${at}`, at] as const))
      await made.settle()
      operations.length = 0
      expect(await cache.at('organization', acme).invalidate()).toEqual({ applied: true, entries })
      costs.push([...operations])
      operations.length = 0
      await cache.at('organization', acme).invalidateTags(['t'])
      costs.push([...operations])
    }
    expect(costs).toEqual([['set 1'], ['set 2'], ['set 1'], ['set 2']])
    await made.close()
  })
})

function counting(store: Store, operations: string[]): Store {
  return {
    name: store.name,
    bus: store.bus!,
    getMany: (keys) => (operations.push(`getMany ${keys.length}`), store.getMany(keys)),
    set: (items, message) => (operations.push(`set ${items.length}`), store.set(items, message)),
    create: (item) => (operations.push('create'), store.create(item)),
    replace: (item, seen) => (operations.push('replace'), store.replace(item, seen)),
    delete: (keys) => (operations.push('delete'), store.delete(keys)),
    close: () => store.close(),
  }
}
