/** What is said where nothing can be started. */
export const NO_REDIS =
  'There is no redis-server on the PATH, so there is nothing to show. Install Redis, or name one with REDIS_URL (it is not frozen then).'
