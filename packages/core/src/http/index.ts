/**
 * The response cache, neutral to frameworks: adapters show a request, let a recording watch the response, and send a stored
 * one. Every decision about caching is made in here.
 *
 * @module
 */
export { carrierOf, type Carrier } from './carrier.js'
export { ContextDefinition, RequestContext, contextOf } from './request-context.js'
export type { ContextOptions, CredentialOptions } from './http-settings.js'
export { Route } from './route.js'
export type { MiddlewareOptions, RouteOptions } from './route-options.js'
export type { ResponseCache, Outcome } from './response-cache.js'
export type { Recording, HeadDecision } from './recording.js'
export type { Replay } from './replay.js'
export type { GroupedFields } from './stored-response.js'
export type { RequestCache } from './request-cache.js'
export type { HttpRequest } from './http-request.js'
export type { HeaderField, HeaderFields } from './syntax/header-fields.js'
export type { RequestBypass, RefusalToStore } from './reasons.js'
export { FetchRequest, withoutFields, type FetchRequestParts } from './fetch/fetch-request.js'
export { answerFetch, type FetchExchange } from './fetch/answer-fetch.js'
export { headerFields, observeResponse, type ObserveOptions } from './fetch/observe-response.js'
export { replayHeaders, replayResponse, type HeaderRecord } from './fetch/replay-response.js'
