/**
 * The response cache on a Node `ServerResponse`: what the adapters of Express and NestJS share.
 *
 * @module
 */
export { answerNode, type NodeExchange } from './answer-node.js'
export { exposeCache } from './expose-cache.js'
export { NodeRequest, type NodeMessage, type NodeRequestParts } from './node-request.js'
export { sendReplay } from './send-replay.js'
export { watchResponse } from './watch-response.js'
export { watchWrites } from './watch-writes.js'
