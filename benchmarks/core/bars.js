import { atLeast, atMost } from '../report/figures.js'

/** What the core promises, as numbers that `npm run bench` checks. */
export function coreBars(rows, sizes) {
  const [small, large] = sizes
  const find = (row, size, name) =>
    rows.find((measured) => measured.row === row && measured.size === size).contenders.find((one) => one.name === name)
  const against = (row, size, name, reference) => find(row, size, name).times[reference]
  const getOrSet = (size, name) =>
    find('await getOrSet hit', size, name).nanoseconds / find('await getOrSet hit', size, 'cacheado').nanoseconds
  const invalidation = (size) => find('invalidate one tenant of a hundred', size, 'cacheado').nanoseconds

  return [
    ...sizes.flatMap((size) => [
      atMost(`hit, one handle, × lru-cache, ${size} entries`, 1, against('hit', size, 'cacheado', 'lru-cache')),
      atMost(
        `hit, a handle per operation, × lru-cache with its built key, ${size} entries`,
        1,
        against('hit, a handle per operation', size, 'cacheado', 'lru-cache'),
      ),
      atMost(
        `await getOrSet hit, × lru-cache.fetch, ${size} entries`,
        1.5,
        against('await getOrSet hit', size, 'cacheado', 'lru-cache'),
      ),
      atLeast(`await getOrSet hit, times faster than bentocache, ${size} entries`, 10, getOrSet(size, 'bentocache')),
      atLeast(`await getOrSet hit, times faster than cacheable, ${size} entries`, 10, getOrSet(size, 'cacheable')),
    ]),
    // The same but for the processor's caches: whatever looks at the entries takes a hundred times as long.
    atMost(`invalidate one tenant, ${large} entries × ${small} entries`, 3, invalidation(large) / invalidation(small)),
  ]
}
