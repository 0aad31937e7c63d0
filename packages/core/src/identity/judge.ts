import { normalizeId } from '../id.js'
import type { IdentityPlan, Slot } from './identity-plan.js'
import type { Claims, RefusalReason, Resolution } from './identity-request.js'
import { type Finding, findingOf } from './identity-source.js'

type Readings = readonly Finding<unknown>[]

/**
 * What all findings together say about the caller. All or nothing: one finding that cannot be trusted refuses the
 * identity, since a caller placed by the rest would be placed by what a contradiction left over.
 */
export function judge(plan: IdentityPlan, readings: Readings): Resolution {
  try {
    return resolution(plan, readings)
  } catch {
    // Claims may be any object of the application, with getters that throw.
    return refused('failed')
  }
}

function resolution(plan: IdentityPlan, readings: Readings): Resolution {
  const ids = emptyRecord<string>()
  for (const slot of plan.slots) {
    const finding = findingFor(slot, readings)
    if (finding === undefined) continue
    if ('refused' in finding) return refused(finding.refused, slot.level)
    const id = normalizeId(finding.found)
    if (id === undefined) return refused('invalid', slot.level)
    if ((ids[slot.level] ??= id) !== id) return refused('conflict', slot.level)
  }
  // The application's claims count even where no slot reads them: what varies by them must not miss their failure.
  if (readings.some((finding) => finding !== undefined && 'refused' in finding)) return refused('failed')
  if (Object.keys(ids).length === 0) return { status: 'unresolved' }
  const claims = mergedClaims(plan, readings)
  return claims === undefined ? { status: 'resolved', ids } : { status: 'resolved', ids, claims }
}

function refused(reason: RefusalReason, level?: string): Resolution {
  return level === undefined ? { status: 'refused', reason } : { status: 'refused', reason, level }
}

function findingFor(slot: Slot, readings: Readings): Finding<unknown> {
  const finding = readings[slot.reader]
  if (slot.claim === undefined || finding === undefined || 'refused' in finding) return finding
  if (!isRecord(finding.found)) return { refused: 'invalid' }
  // Own properties only: `constructor` is a claim of nobody.
  return Object.hasOwn(finding.found, slot.claim) ? findingOf(finding.found[slot.claim]) : undefined
}

/** Every claim of every verified source. Where two differ both count, so that nothing varied by it is shared. */
function mergedClaims(plan: IdentityPlan, readings: Readings): Claims | undefined {
  let merged: Record<string, unknown> | undefined
  for (const reader of plan.claimReaders.values()) {
    const finding = readings[reader]
    if (finding === undefined || 'refused' in finding || !isRecord(finding.found)) continue
    merged ??= emptyRecord()
    for (const [name, value] of Object.entries(finding.found)) {
      merged[name] = name in merged && !Object.is(merged[name], value) ? [merged[name], value] : value
    }
  }
  return merged
}

/** Without a prototype: `__proto__` is a name like any other in it. */
function emptyRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
