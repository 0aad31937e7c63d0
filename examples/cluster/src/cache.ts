import { createCache, defineScopes } from '@cacheado/core'
import { claim, identityFrom } from '@cacheado/core/identity'
import { redisStore } from '@cacheado/redis'

// Who shares: everybody (`global`), the people of one organization, or one person.
export const scopes = defineScopes({ organization: 'global', user: 'organization' }, { personal: ['user'] })

declare global {
  namespace Cacheado {
    interface Register {
      scopes: typeof scopes
    }
  }
}

// Who asks: ids come from claims that `authenticate` has verified, never from anything the client may choose.
export const identity = identityFrom({ organization: claim('org_id'), user: claim('sub') })

/** Where the second tier is. */
export interface RedisPlace {
  readonly url: string
  /** Begins every key: applications with another one share nothing. */
  readonly prefix: string
}

/** The cache of one process: a memory of its own, and behind it the Redis that all processes share. */
export const createAppCache = ({ url, prefix }: RedisPlace) =>
  createCache({ scopes, ttl: '5m', remote: redisStore({ url, prefix }) })
