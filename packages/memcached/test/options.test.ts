import { expect, test } from 'vitest'
import { createMemcachedStore, type MemcachedStoreOptions } from '../src/index.js'

const open = (options: object) => () => createMemcachedStore(options as MemcachedStoreOptions)

test.each([
  [{}, 'servers'],
  [{ servers: [] }, 'servers'],
  [{ servers: 'a', client: {} }, 'servers'],
  [{ servers: ['a:11211', 'a'] }, 'servers'],
  [{ servers: ['a', 'b:0'] }, 'servers.1'],
  [{ servers: 'http://a' }, 'servers'],
  [{ servers: 7 }, 'servers'],
  [{ servers: 'a', prefix: 'a b' }, 'prefix'],
  [{ servers: 'a', prefix: '{a}' }, 'prefix'],
  [{ servers: 'a', prefix: '' }, 'prefix'],
  [{ servers: 'a', timeout: 0 }, 'timeout'],
  [{ servers: 'a', timeout: 'soon' }, 'timeout'],
  [{ servers: 'a', connectTimeout: Number.NaN }, 'connectTimeout'],
  [{ servers: 'a', maxItemBytes: '1tb' }, 'maxItemBytes'],
  [{ client: { get() {} } }, 'client'],
])('%o is refused at construction, by the name of the option', (options, option) => {
  expect(open(options)).toThrow(expect.objectContaining({ code: 'ERR_CACHE_CONFIG', option }))
})

test.each([
  'localhost',
  'localhost:11211',
  '127.0.0.1:1',
  '[::1]:11211',
  '[::1]',
  'memcached://cache:11211',
  '/run/memcached.sock',
])('%s is a server', (server) => {
  expect(open({ servers: server })).not.toThrow()
})
