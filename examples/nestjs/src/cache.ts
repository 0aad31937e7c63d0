import { createCache, defineScopes } from '@cacheado/core'
import { claim, identityFrom } from '@cacheado/core/identity'

// Who shares: everybody (`global`), the people of one organization, or one person.
// `personal` says that a user's entries belong to that person alone, so that `Cache-Control: private` answers may be kept there.
export const scopes = defineScopes({ organization: 'global', user: 'organization' }, { personal: ['user'] })

declare global {
  namespace Cacheado {
    interface Register {
      scopes: typeof scopes
    }
  }
}

// Who asks: ids come from claims that `AuthGuard` has verified, never from anything the client may choose.
export const identity = identityFrom({ organization: claim('org_id'), user: claim('sub') })

export const createAppCache = () => createCache({ scopes, ttl: '5m', memory: { maxEntries: 10_000, maxBytes: '64mb' } })
