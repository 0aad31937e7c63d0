import { defineScopes } from '@cacheado/core'
import { claim, identityFrom } from '@cacheado/core/identity'

/** Whose response it is, in every framework: what its authentication verified says. */
export const scopes = defineScopes({ organization: 'global', user: 'organization' }, { personal: ['user'] })
export const identity = identityFrom({ organization: claim('org_id'), user: claim('sub') })
