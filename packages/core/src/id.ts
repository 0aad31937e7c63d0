/** An id as an application gives it: an integer is taken as its decimal string, so `7` and `'7'` are one id. */
export type Id = string | number | bigint

const MAX_ID_BYTES = 256
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/

/**
 * The id as the text that stands for it everywhere, or `undefined` where it is no id (rule R-12): not a string,
 * safe integer or bigint; empty; above 256 UTF-8 bytes; ill-formed UTF-16 (two lone surrogates share one UTF-8 form,
 * so two users would share one Redis key); with a control character. Compared byte-exact: no folding, no trimming.
 */
export function normalizeId(value: unknown): string | undefined {
  if (typeof value === 'string') return isValidIdText(value) ? value : undefined
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined
  if (typeof value === 'bigint') return normalizeId(String(value))
  return undefined
}

function isValidIdText(text: string): boolean {
  if (text.length === 0 || text.length > MAX_ID_BYTES) return false
  if (!text.isWellFormed() || CONTROL.test(text)) return false
  return text.length * 3 <= MAX_ID_BYTES || utf8Length(text) <= MAX_ID_BYTES
}

/** UTF-8 bytes of a well-formed string. */
export function utf8Length(text: string): number {
  let bytes = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    // A surrogate pair is two units and four bytes: each half adds one.
    if (unit >= 0x80) bytes += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2
  }
  return bytes
}
