import { describe, expect, it } from 'vitest'
import { alice } from '../support/caches.js'
import { handLoader, watch } from '../support/hand-loader.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'
import { cluster, type Cluster } from './cluster.js'

expectNoUnhandledRejection()

const LEASE = { lease: '5s' } as const

function asked(made: Cluster, loader: ReturnType<typeof handLoader<string>>) {
  return made.nodes.map(({ cache }) => watch(cache.at('user', alice).getOrSet('k', loader.load, LEASE)))
}

describe('a lease', () => {
  it('makes one load of five processes, and gives all of them its value as soon as it is there', async () => {
    const made = await cluster({ nodes: 5 })
    const loader = handLoader<string>()
    const calls = asked(made, loader)
    await made.pass(1000)
    expect(loader.runs).toHaveLength(1)
    loader.run(0).resolve('v')
    // No clock moves: the message wakes them.
    await made.settle()
    expect(calls.map(({ value }) => value)).toEqual(['v', 'v', 'v', 'v', 'v'])
    expect(loader.runs).toHaveLength(1)
    await made.close()
  })

  it('is found to be over without messages, too', async () => {
    const made = await cluster({ nodes: 3 })
    const loader = handLoader<string>()
    made.engine.hold()
    const calls = asked(made, loader)
    await made.settle()
    loader.run(0).resolve('v')
    await made.pass(300)
    expect(calls.map(({ value }) => value)).toEqual(['v', 'v', 'v'])
    expect(loader.runs).toHaveLength(1)
    await made.close()
  })

  it('passes on to the next process when the load fails; each failure reaches its own caller alone', async () => {
    const made = await cluster({ nodes: 3 })
    const loader = handLoader<string>()
    const calls = asked(made, loader)
    await made.settle()
    loader.run(0).reject(new Error('asked for'))
    await made.pass(300)
    expect(loader.runs).toHaveLength(2)
    loader.run(1).resolve('v')
    await made.settle()
    expect(calls.filter(({ state }) => state === 'rejected')).toHaveLength(1)
    expect(calls.filter(({ value }) => value === 'v')).toHaveLength(2)
    await made.close()
  })

  it('costs others no more than itself when its holder dies', async () => {
    const made = await cluster({ nodes: 2 })
    const loader = handLoader<string>()
    const dead = watch(made.node(0).cache.at('user', alice).getOrSet('k', loader.load, LEASE))
    await made.settle()
    made.engine.disconnect(made.node(0).port)
    const waiting = watch(made.node(1).cache.at('user', alice).getOrSet('k', loader.load, LEASE))
    await made.pass(4900)
    expect(loader.runs).toHaveLength(1)
    await made.pass(100)
    expect(loader.runs).toHaveLength(2)
    loader.run(1).resolve('v')
    await made.settle()
    expect(waiting.value).toBe('v')
    loader.run(0).resolve('late')
    await made.settle()
    expect(dead.value).toBe('late')
    expect(await made.node(1).cache.at('user', alice).get('k')).toBe('v')
    await made.close()
  })

  it('brings nothing that was invalidated while it loaded', async () => {
    const made = await cluster({ nodes: 3 })
    const loader = handLoader<string>()
    const calls = asked(made, loader)
    await made.settle()
    await made.node(1).cache.at('user', alice).invalidate()
    loader.run(0).resolve('old')
    await made.pass(300)
    expect(loader.runs).toHaveLength(2)
    loader.run(1).resolve('new')
    // Who waited since before the invalidation keeps nothing, so the next one loads again.
    await made.pass(300)
    loader.run(2).resolve('new')
    await made.settle()
    expect(calls.map(({ value }) => value)).toEqual(['old', 'new', 'new'])
    for (const { cache } of made.nodes) expect(await cache.at('user', alice).get('k')).not.toBe('old')
    await made.close()
  })

  it('is none where the store cannot tell: then everybody loads', async () => {
    const made = await cluster({ nodes: 2 })
    for (const { store } of made.nodes) store.plan({ create: 'refuse' })
    const loader = handLoader<string>()
    asked(made, loader)
    await made.settle()
    expect(loader.runs).toHaveLength(2)
    for (const run of loader.runs) run.resolve('v')
    await made.close()
  })
})
