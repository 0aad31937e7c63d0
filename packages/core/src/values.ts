import { configError } from './cache-error.js'
import { isPlainObject } from './key-text.js'
import { isProduction } from './platform.js'

/**
 * What becomes of a value between the cache and its readers: `'share'` hands out the same object, `'freeze'` does so after
 * freezing plain objects and arrays in it, `'clone'` hands out a structured clone each time.
 */
export type ValuesMode = 'share' | 'freeze' | 'clone'

/** The mode that was asked for: `'share'` in production, else `'freeze'`, where none was. */
export function valuesMode(mode: ValuesMode | undefined): ValuesMode {
  if (mode === undefined) return isProduction() ? 'share' : 'freeze'
  if (mode !== 'share' && mode !== 'freeze' && mode !== 'clone')
    throw configError('values', "'share', 'freeze' or 'clone'")
  return mode
}

/** The value as it is kept. Throws what `structuredClone` throws where the mode is `'clone'` and it cannot be cloned. */
export function keptValue(mode: ValuesMode, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || mode === 'share') return value
  if (mode === 'clone') return structuredClone(value)
  freeze(value)
  return value
}

/** A kept value as a reader gets it. */
export function readValue(mode: ValuesMode, value: unknown): unknown {
  return mode === 'clone' && typeof value === 'object' ? structuredClone(value) : value
}

/**
 * Freezes plain objects and arrays all the way down, iteratively: depth comes from data. What was frozen already may hold what
 * is not.
 */
function freeze(root: object): void {
  const reached = new Set([root])
  for (const value of reached) {
    if (!(Array.isArray(value) || isPlainObject(value))) continue
    Object.freeze(value)
    for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) reached.add(part as object)
  }
}
