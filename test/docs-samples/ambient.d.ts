// What samples in the documentation may use without declaring it.
import type { ScopedCache } from '@cacheado/core'

declare global {
  /** The application's cache. */
  const cache: ScopedCache
}
