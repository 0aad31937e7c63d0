/**
 * Resolves when the cache hears what other processes tell: before, it trusts its memory for a second only. Called before the cache
 * is used for anything.
 */
export async function listening(cache) {
  const up = new Promise((resolve) => {
    const stop = cache.on('store', ({ kind }) => {
      if (kind !== 'bus-up') return
      stop()
      resolve()
    })
  })
  await cache.ready()
  await up
}
