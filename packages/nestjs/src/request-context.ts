import { createParamDecorator, type ExecutionContext } from '@nestjs/common'
import { CacheError } from '@cacheado/core'
import type { RequestCache as CallersCache, RequestContext } from '@cacheado/core/http'
import { NodeRequest, watchWrites } from '@cacheado/core/http/node'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Binding } from './bind-decorated.js'
import { slotOf } from './cache-token.js'
import { perPair } from './per-pair.js'

type Next = (error?: unknown) => void

/** The middleware of every request: what runs behind it knows the caller, as soon as guards have found out who that is. */
export function cacheContext({ context, slot }: Binding) {
  return function cacheContext(request: IncomingMessage, response: ServerResponse, next: Next): void {
    const opened = context.open(new NodeRequest(request))
    opensOf(request).set(slot, opened)
    watchWrites(opened, response)
    const running = opened.run(next)
    if (running instanceof Promise) running.catch(next)
  }
}
