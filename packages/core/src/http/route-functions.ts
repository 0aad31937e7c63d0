import { tagList } from '../policy.js'
import type { RequestBypass } from './reasons.js'
import type { RequestContext } from './request-context.js'
import type { RoutePlan } from './route-plan.js'

/** Whether the route leaves a request to its handler; a function of the application that throws costs the cache, not the request. */
export function skipReason({ skip }: RoutePlan, { request }: RequestContext): RequestBypass | undefined {
  try {
    // Anything truthy skips, a promise too: what was meant can only be less caching.
    return skip?.(request.native as never) ? 'skip' : undefined
  } catch {
    return 'option-threw'
  }
}

/** Gives a response the tags of its route; `false` where they cannot be told. */
export function addRouteTags({ tags, tagsOf }: RoutePlan, { decisions, request }: RequestContext): boolean {
  try {
    decisions.addTags(tagsOf ? tagList(tagsOf(request.native as never)) : tags)
    return true
  } catch {
    return false
  }
}
