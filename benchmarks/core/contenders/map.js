/** What the platform allows: a `Map`, without bound and without time. */
export const map = {
  name: 'Map',
  configuration: 'new Map()',
  create: () => new Map(),
  fill: (cache, { longKeys, values }) => longKeys.forEach((key, at) => cache.set(key, values[at])),
  fillTenants: (cache, { tenants, tenantOf, shortKeys, values }) =>
    shortKeys.forEach((key, at) => cache.set(`${tenants[tenantOf[at]]}:${key}`, values[at])),
  expressions: {
    hit: 'cache.get(longKey)',
    tenantHit: 'cache.get(`${tenant}:${shortKey}`)',
    miss: 'cache.get(absentLongKey)',
    set: 'cache.set(longKey, value)',
    getOrSet: 'cache.get(longKey) ?? load(longKey)',
  },
}
