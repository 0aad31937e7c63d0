import { describe, expect, it } from 'vitest'
import { alice } from '../support/caches.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'
import { cluster } from './cluster.js'

expectNoUnhandledRejection()

describe('a store that is left alone for a while', () => {
  it('is asked again when it is back, about keys that were looked up meanwhile, too', async () => {
    const made = await cluster()
    const [a, b] = [made.node(0), made.node(1)]
    const [there, here] = [a.cache.at('user', alice), b.cache.at('user', alice)]
    b.store.plan({ getMany: 'refuse' })
    for (let look = 0; look < 10; look++) expect(await here.get('k')).toBeUndefined()
    expect(b.cache.health().remote).toMatchObject({ status: 'down' })
    b.store.plan()
    await made.pass(5000)
    expect(b.cache.health().remote).toMatchObject({ status: 'ok' })
    await there.set('k', 'v')
    await made.settle()
    expect(await here.get('k')).toBe('v')
    expect(b.cache.stats().remote).toMatchObject({ errors: 5, refused: 5, hits: 1 })
    await made.close()
  })
})
