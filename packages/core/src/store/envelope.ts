/** Bytes of a write id, of a stamp. */
export const ID_BYTES = 16

/** What stands around a value in a store. */
export interface Envelope {
  /** Random, new for each write; the first bytes of the whole, so that a store can tell whether a value is still the same. */
  readonly writeId: Uint8Array
  /** The full text of the entry: what is read under a key counts only if it says that it belongs there (rule R-08). */
  readonly identity: string
  readonly content: EnvelopeContent
}

/** A value with what is needed to judge it, or the mark of a deleted one. */
export type EnvelopeContent =
  | { readonly kind: 'tombstone' }
  | {
      readonly kind: 'value'
      /** The writer's wall clock, in milliseconds since the epoch. */
      readonly createdAt: number
      /** Milliseconds from then on: a hit needs no reload, fresh, usable while one reloads it, usable where reloading fails. */
      readonly aheadFor: number
      readonly freshFor: number
      readonly staleFor: number
      readonly errorFor: number
      /** Scope stamp and tag stamp of each scope on the path, from the root down, one behind the other. */
      readonly stamps: Uint8Array
      readonly tags: readonly EnvelopeTag[]
      readonly codec: string
      readonly payload: Uint8Array
      /** Bytes of the payload before it was compressed; missing where it is not. */
      readonly rawLength?: number | undefined
    }

/** What bytes from a store turned out to be: an envelope of the entry that was asked for, or why they are not. */
export type OpenedEnvelope =
  | { readonly writeId: Uint8Array; readonly content: EnvelopeContent; readonly refused?: undefined }
  | { readonly refused: EnvelopeRefusal }

/**
 * Why bytes are no envelope of the entry that was asked for: a miss in any case.
 *
 * - `format`: written by something else, or by an older or newer version of this library
 * - `size`: larger than what is read, or would be once it is no longer compressed
 * - `checksum`: damaged on the way or in the store
 * - `signature`: not signed by one of the keys, or signed where there is none to tell
 * - `identity`: undamaged, and another entry's. The connection may be delivering what others asked for: an alarm
 * - `content`: sealed, and yet not what this library writes
 */
export type EnvelopeRefusal = 'format' | 'size' | 'checksum' | 'signature' | 'identity' | 'content'

/** A tag with its stamps in each scope of the path, from the root down, one behind the other. */
export interface EnvelopeTag {
  readonly name: string
  readonly stamps: Uint8Array
}

/** Stamps one behind the other. */
export function joinStamps(stamps: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(stamps.length * ID_BYTES)
  for (const [at, stamp] of stamps.entries()) joined.set(stamp, at * ID_BYTES)
  return joined
}

/** Whether the stamp at a place in a row of stamps is this one. */
export function isStampAt(stamps: Uint8Array, index: number, stamp: Uint8Array): boolean {
  const from = index * ID_BYTES
  for (let at = 0; at < ID_BYTES; at++) if (stamps[from + at] !== stamp[at]) return false
  return true
}
