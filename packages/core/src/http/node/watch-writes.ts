import type { ServerResponse } from 'node:http'
import type { RequestContext } from '../request-context.js'
import { applyFields, fieldsOf, type WriteHeadFields } from './response-fields.js'

/**
 * Forgets what a writing request changed when the head of its answer is written, before the client can read it: who writes
 * and then reads sees what was written.
 */
export function watchWrites(context: RequestContext, response: ServerResponse): void {
  if (!context.writes) return
  const { writeHead } = response
  const watched = (status: number, ...rest: unknown[]): ServerResponse => {
    const [reason, fields] = typeof rest[0] === 'string' ? rest : [undefined, rest[0]]
    applyFields(response, fields as WriteHeadFields | undefined)
    if (reason !== undefined) response.statusMessage = reason as string
    if (status >= 200) context.answered(status, fieldsOf(response))
    return writeHead.call(response, status)
  }
  Object.assign(response, { writeHead: watched })
}
