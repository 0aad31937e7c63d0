import { defineScopes } from '@cacheado/core'
import { memoryStore } from '@cacheado/core/testing'
import { describe, expect, it } from 'vitest'
import { LEVELS, acme, alice } from '../support/caches.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'
import { cluster, type Cluster } from './cluster.js'

expectNoUnhandledRejection()

/** A message as a process of ours would send it, were it one. */
function tell({ engine }: Cluster, message: unknown): Promise<void> {
  return memoryStore(engine).bus!.publish(new TextEncoder().encode(JSON.stringify(message)))
}

const STAMP = btoa('0123456789abcdef')
const ADDRESS = [
  ['organization', 'acme'],
  ['user', 'alice'],
]

describe('a message that no process of ours sends', () => {
  it.each([
    ['is no list', { kind: 'scope', address: ADDRESS }],
    ['is of another format', [2, 'stranger', 1, 'scope', ADDRESS]],
    ['has no sender', [1, null, 1, 'scope', ADDRESS]],
    ['has no number', [1, 'stranger', '1', 'scope', ADDRESS]],
    ['is of a kind that nobody knows', [1, 'stranger', 1, 'rename', ADDRESS]],
    ['has no address', [1, 'stranger', 1, 'scope', 'acme']],
    ['has half an address', [1, 'stranger', 1, 'scope', [['organization']]]],
    ['has an address of numbers', [1, 'stranger', 1, 'scope', [['organization', 1]]]],
    ['names no tags', [1, 'stranger', 1, 'tags', ADDRESS, 'tag=t', [STAMP]]],
    ['has tags without stamps', [1, 'stranger', 1, 'tags', ADDRESS, ['tag=t']]],
    ['has a stamp too few', [1, 'stranger', 1, 'tags', ADDRESS, ['tag=t'], [STAMP]]],
    ['has a short stamp', [1, 'stranger', 1, 'tags', ADDRESS, ['tag=t'], [STAMP, btoa('short')]]],
    ['has a stamp that is no base64', [1, 'stranger', 1, 'tags', ADDRESS, ['tag=t'], [STAMP, '***']]],
    ['deletes a key of no namespace', [1, 'stranger', 1, 'delete', ADDRESS, null, 'k']],
    ['deletes a key that is none', [1, 'stranger', 1, 'delete', ADDRESS, '', { k: 1 }]],
  ])('is ignored: it %s', async (_what, message) => {
    const made = await cluster({ nodes: 1 })
    const here = made.node(0).cache.at('user', alice)
    await here.set('k', 'v', { tags: ['t'] })
    await tell(made, message)
    await made.settle()
    expect(here.sync.get('k')).toBe('v')
    expect(made.node(0).cache.stats().remote?.gaps).toBe(0)
    await made.close()
  })

  it('does what it says where it is whole', async () => {
    for (const message of [
      [1, 'stranger', 1, 'scope', ADDRESS],
      [1, 'stranger', 1, 'tags', ADDRESS, ['tag=t'], [STAMP, STAMP]],
      [1, 'stranger', 1, 'delete', ADDRESS, '', 'k'],
    ]) {
      const made = await cluster({ nodes: 1 })
      const here = made.node(0).cache.at('user', alice)
      await here.set('k', 'v', { tags: ['t'] })
      await tell(made, message)
      await made.settle()
      expect(here.sync.get('k')).toBeUndefined()
      expect(made.node(0).cache.stats().remote?.gaps).toBe(0)
      await made.close()
    }
  })
})

describe('an id that messages show as a digest', () => {
  const scopes = defineScopes(LEVELS, { secret: ['session'] })
  const long = { organization: 'acme', user: 'u'.repeat(201) }

  it.each([
    ['a long one', 'user', long, { organization: 'acme', user: 'v'.repeat(201) }],
    ['a secret one', 'session', { ...alice, session: 'credential' }, { ...alice, session: 'another' }],
  ] as const)('invalidates its own scope in other processes: %s', async (_what, level, ids, others) => {
    const made = await cluster({ cache: { scopes } })
    const [writer, reader] = [made.node(0).cache, made.node(1).cache]
    const [here, beside] = [reader.at(level, ids), reader.at(level, others)]
    // The one beside it comes first, and is not it.
    await beside.set('k', 'other')
    await here.set('k', 'old')
    await here.set('l', 'old')
    await writer.at(level, ids).delete('l')
    await made.settle()
    expect(here.sync.get('l')).toBeUndefined()
    expect(here.sync.get('k')).toBe('old')
    await writer.at(level, ids).invalidate()
    await made.settle()
    expect(here.sync.get('k')).toBeUndefined()
    expect(await here.get('k')).toBeUndefined()
    expect(beside.sync.get('k')).toBe('other')
    await made.close()
  })

  it('leaves a process alone that has nothing of it', async () => {
    const made = await cluster({ cache: { scopes } })
    const [writer, reader] = [made.node(0).cache, made.node(1).cache]
    await reader.at('organization', acme).set('k', 'v')
    await writer.at('user', long).invalidate()
    await made.settle()
    expect(reader.at('organization', acme).sync.get('k')).toBe('v')
    expect(reader.stats().remote?.gaps).toBe(0)
    await made.close()
  })
})
