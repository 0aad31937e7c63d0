// The smoke programs as a Worker: they run inside a request, as everything in a Worker does.
import { coreSmoke } from './core-smoke.mjs'
import { honoSmoke } from './hono-smoke.mjs'

export default {
  async fetch(request) {
    const context = new URL(request.url).searchParams.get('context') === 'true'
    return Response.json([...(await coreSmoke({ context })), ...(await honoSmoke())])
  },
}
