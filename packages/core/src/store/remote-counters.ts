import type { RemoteStats } from '../remote.js'

/** What the second tier did. */
export class RemoteCounters implements RemoteStats {
  hits = 0
  misses = 0
  errors = 0
  timeouts = 0
  refused = 0
  writes = 0
  dropped = 0
  unencodable = 0
  mismatches = 0
  corrupt = 0
  foreign = 0
  queued = 0
  lost = 0
  gaps = 0

  snapshot(): RemoteStats {
    return Object.assign({}, this)
  }
}
