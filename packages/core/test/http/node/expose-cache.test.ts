import type { IncomingMessage } from 'node:http'
import { createCache } from '@cacheado/core'
import { ContextDefinition, carrierOf, contextOf } from '@cacheado/core/http'
import { NodeRequest, exposeCache } from '@cacheado/core/http/node'
import { describe, expect, it } from 'vitest'

const definition = new ContextDefinition<IncomingMessage>({ cache: createCache() })
const message = (rawHeaders: string[] = [], prototype: object = {}) =>
  Object.assign(Object.create(prototype) as IncomingMessage, { rawHeaders, headers: {} })

describe('the context of a request on Node', () => {
  it('is found again by the request, and adds nothing to it', () => {
    const request = message()
    const before = Reflect.ownKeys(request)
    const context = definition.open(new NodeRequest(request))
    expect(contextOf(request)).toBe(context)
    expect(Reflect.ownKeys(request)).toEqual(before)
    expect(JSON.stringify(request)).not.toContain('cacheado')
  })

  it('is not found by another request, though both share what they were received with', () => {
    const shared: string[] = []
    const [one, other] = [message(shared), message(shared)]
    const context = definition.open(new NodeRequest(one))
    expect([contextOf(one), contextOf(other)]).toEqual([context, undefined])
    definition.open(new NodeRequest(other))
    expect(contextOf(one)).toBeUndefined()
  })

  it('is kept on the request itself where nothing else is at hand', () => {
    const native = {}
    expect(carrierOf(native)).toBe(native)
    expect(carrierOf({ rawHeaders: 'none' })).toEqual({ rawHeaders: 'none' })
  })
})

describe('an exposed cache', () => {
  it('is each request’s own, from the application’s prototype', () => {
    const application = { request: {} }
    exposeCache(application)
    exposeCache(application)
    const [one, other, unknown] = [
      message([], application.request),
      message([], application.request),
      message([], application.request),
    ]
    const contexts = [one, other].map((request) => definition.open(new NodeRequest(request)))
    const cacheOf = (request: object) => (request as { cache?: unknown }).cache
    expect(cacheOf(one)).toBe(contexts[0]?.cache)
    expect(cacheOf(other)).toBe(contexts[1]?.cache)
    expect(cacheOf(one)).not.toBe(cacheOf(other))
    expect(cacheOf(unknown)).toBeUndefined()
  })

  it('gives way to one that a request is given', () => {
    const application = { request: {} }
    exposeCache(application)
    const request = message([], application.request) as IncomingMessage & { cache: unknown }
    definition.open(new NodeRequest(request))
    const given = {}
    request.cache = given
    expect(request.cache).toBe(given)
    request.cache = undefined
    expect(request.cache).toBeUndefined()
  })
})
