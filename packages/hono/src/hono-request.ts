import { FetchRequest } from '@cacheado/core/http'
import type { Context } from 'hono'

/** A request of Hono's as the engine sees it. Claims are those that Hono's `jwt` or `jwk` middleware has verified. */
export function honoRequest(c: Context): FetchRequest {
  return new FetchRequest({
    request: c.req.raw,
    native: c,
    claims: () => record(c.get('jwtPayload')),
    peer: () => peerOf(c.env),
  })
}

/** The socket's other end, where the server says so: `@hono/node-server` puts Node's request into `env`. */
function peerOf(env: unknown): string | undefined {
  const { incoming } = (record(env) ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } }
  return incoming?.socket?.remoteAddress
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}
