// Declarations that cannot be.
import { createCache, defineScopes } from '@cacheado/core'

// @ts-expect-error -- an unknown parent
export const unknown = defineScopes({ user: 'organisation' })
// @ts-expect-error -- a level below itself
export const self = defineScopes({ user: 'user' })
// @ts-expect-error -- personal levels are declared ones
export const personal = defineScopes({ user: 'global' }, { personal: ['usr'] })
// @ts-expect-error -- secret levels are declared ones
export const secret = defineScopes({ user: 'global' }, { secret: ['global'] })
// @ts-expect-error -- a level's parent is a text
export const parent = defineScopes({ user: 7 })

// A plain map will do for `createCache`; its names are checked at run time.
createCache({ scopes: { organization: 'global', user: 'organization' } })
// @ts-expect-error -- a map of texts
createCache({ scopes: { organization: true } })
