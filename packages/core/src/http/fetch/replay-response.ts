import type { Replay } from '../replay.js'

/** Header values by name; several lines are a list. */
export type HeaderRecord = Record<string, string | string[]>

/** The header fields of a replay as a record. */
export function replayHeaders({ fields, age, cacheStatus }: Replay): HeaderRecord {
  const headers: HeaderRecord = {}
  for (const [name, value] of fields) headers[name] = value as string | string[]
  if (age !== undefined) headers['Age'] = age
  headers['Cache-Status'] = cacheStatus
  return headers
}

/** A replay as a Response. Its bytes are the cache's own: a Response copies them before anybody can change them. */
export function replayResponse(replay: Replay): Response {
  const headers = replayHeaders(replay)
  const repeated = replay.fields.some(([, value]) => typeof value !== 'string')
  return new Response(replay.body as ConstructorParameters<typeof Response>[0], {
    status: replay.status,
    headers: (repeated ? lines(headers) : headers) as Record<string, string>,
  })
}

function lines(record: HeaderRecord): [string, string][] {
  return Object.entries(record).flatMap(([name, value]) => [value].flat().map((line): [string, string] => [name, line]))
}
