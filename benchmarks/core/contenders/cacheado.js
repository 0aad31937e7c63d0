import { createCache } from '@cacheado/core'
import { TTL } from './ttl.js'

function create({ size }) {
  return createCache({
    scopes: { organization: 'global' },
    memory: { maxEntries: size, maxBytes: Infinity },
    ttl: TTL,
  })
}

function fillTenants(cache, { tenants, tenantOf, shortKeys, values }) {
  const scopes = tenants.map((organization) => cache.at('organization', { organization }).sync)
  shortKeys.forEach((key, at) => scopes[tenantOf[at]].set(key, values[at]))
}

const invalidateTenant = (cache, organization) => cache.at('organization', { organization }).invalidate()
const configuration = 'createCache({ scopes, memory: { maxEntries, maxBytes: Infinity }, ttl })'

/** The synchronous twin of a handle: this process's memory. */
export const cacheadoSync = {
  name: 'cacheado',
  configuration,
  create: (options) => {
    const cache = create(options)
    return { cache, scope: cache.at('organization', { organization: 'org_000042' }).sync }
  },
  fill: ({ scope }, { shortKeys, values }) => shortKeys.forEach((key, at) => scope.set(key, values[at])),
  fillTenants: ({ cache }, workload) => fillTenants(cache, workload),
  expressions: {
    hit: 'cache.scope.get(shortKey)',
    tenantHit: "cache.cache.at('organization', { organization: tenant }).sync.get(shortKey)",
    miss: 'cache.scope.get(absentShortKey)',
    set: 'cache.scope.set(shortKey, value)',
    setNew: 'cache.scope.set(newShortKey, value)',
    getOrSet: 'cache.scope.getOrSet(shortKey, load)',
  },
  invalidateTenant: ({ cache }, tenant) => invalidateTenant(cache, tenant),
}

/** The handle itself. */
export const cacheado = {
  name: 'cacheado',
  configuration,
  create: (options) => {
    const cache = create(options)
    return { cache, scope: cache.at('organization', { organization: 'org_000042' }) }
  },
  fill: ({ scope }, { shortKeys, values }) => shortKeys.forEach((key, at) => scope.sync.set(key, values[at])),
  fillTenants: ({ cache }, workload) => fillTenants(cache, workload),
  expressions: {
    hit: 'cache.scope.get(shortKey)',
    tenantHit: "cache.cache.at('organization', { organization: tenant }).get(shortKey)",
    miss: 'cache.scope.get(absentShortKey)',
    set: 'cache.scope.set(shortKey, value)',
    setNew: 'cache.scope.set(newShortKey, value)',
    getOrSetAsync: 'cache.scope.getOrSet(shortKey, load)',
  },
  invalidateTenant: ({ cache }, tenant) => invalidateTenant(cache, tenant),
}
