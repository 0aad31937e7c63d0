const ENTITY_TAG = /^(W\/)?"([!#-~\u0080-\u00ff]*)"$/
const NEXT_TAG = /[ \t,]*((?:W\/)?"[!#-~\u0080-\u00ff]*")[ \t]*(?=,|$)/y

/** An entity tag (RFC 9110 §8.8.3). */
export interface EntityTag {
  readonly weak: boolean
  readonly opaque: string
}

/** Reads one entity tag, `undefined` where the text is none. */
export function parseEntityTag(text: string): EntityTag | undefined {
  const match = ENTITY_TAG.exec(text)
  return match ? { weak: match[1] !== undefined, opaque: match[2] as string } : undefined
}

/** Reads the value of If-None-Match: `'*'`, or the tags up to the first thing that is none. */
export function parseEntityTags(value: string): '*' | readonly EntityTag[] {
  if (value.trim() === '*') return '*'
  const tags: EntityTag[] = []
  NEXT_TAG.lastIndex = 0
  for (let match = NEXT_TAG.exec(value); match; match = NEXT_TAG.exec(value)) {
    tags.push(parseEntityTag(match[1] as string) as EntityTag)
  }
  return tags
}
