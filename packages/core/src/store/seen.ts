import type { Entry } from '../memory/entry.js'
import type { Sight } from '../remote.js'
import type { CapturedStamps } from './stamps.js'

/** What a look-up found out. An instance of a class, since each makes one: see lookup.ts. */
export class Seen implements Sight {
  constructor(
    readonly entry: Entry | undefined,
    readonly stamps: CapturedStamps | undefined,
    readonly writeId: Uint8Array | undefined,
    readonly began: number,
    readonly comparedAt: number,
  ) {}
}

/** Nothing is known: what a load brings that begins now cannot be kept in the store. */
export function unseen(began: number): Sight {
  return new Seen(undefined, undefined, undefined, began, began)
}
