/**
 * Who can stand in a row. Each is loaded only by the rows it stands in: the engine compiles a library differently in a process
 * where others share its code (`bentocache` is built on `lru-cache`).
 */
const CONTENDERS = {
  Map: async () => (await import('./map.js')).map,
  'lru-cache': async () => (await import('./lru-cache.js')).lruCache,
  cacheado: async () => (await import('./cacheado.js')).cacheado,
  'cacheado sync': async () => (await import('./cacheado.js')).cacheadoSync,
  bentocache: async () => (await import('./bentocache.js')).bentocache,
  cacheable: async () => (await import('./cacheable.js')).cacheable,
  'cache-manager': async () => (await import('./cache-manager.js')).cacheManager,
  'cache-manager bounded': async () => (await import('./cache-manager.js')).boundedCacheManager,
}

/** Loads these contenders, in this order. */
export async function loadContenders(names) {
  const loaded = []
  for (const name of names) loaded.push(await CONTENDERS[name]())
  return loaded
}
