/**
 * The form of a value that JSON alone would not keep: JSON in which a list that begins with one of these marks stands for
 * something else. A list of the application's own that begins with such a text stands behind {@link MARK.list}.
 *
 * Stored bytes hold these texts: a mark never changes its meaning.
 */
export const MARK = {
  list: '~a',
  date: '~d',
  hole: '~h',
  bigint: '~i',
  url: '~l',
  map: '~m',
  number: '~n',
  bare: '~o',
  regexp: '~r',
  set: '~s',
  type: '~t',
  undefined: '~u',
  binary: '~v',
} as const

/** First character of every mark. */
const MARKED = '~'.charCodeAt(0)

/** Lists, records, maps, sets and registered types nest up to this deep (rule R-28). */
export const DEEPEST = 200

/** Whether a list beginning with this would be read as something else. */
export function isMark(first: unknown): first is string {
  return typeof first === 'string' && first.charCodeAt(0) === MARKED
}
