import type { Flight } from '../flight.js'
import type { MapKey } from '../key-text.js'
import { Counters, type Counted } from './counters.js'
import type { Entry } from './entry.js'
import type { ScopeNode } from './scope-node.js'
import type { Space } from './space.js'

/** The entries of one namespace in one scope, and the loads under way for them. */
export class Leaf {
  readonly entries = new Map<MapKey, Entry>()
  flights: Map<MapKey, Flight> | undefined = undefined
  hits = 0
  counters: Counters | undefined = undefined
  /** No longer in the tree, alone: handles must look again. A whole subtree leaves by a new tree version instead. */
  detached = false
  /** Look-ups in a store under way: what they bring belongs here, so it stays in the tree. */
  lookups = 0

  constructor(
    readonly node: ScopeNode,
    readonly space: Space,
  ) {}

  count(what: Counted, by: number): void {
    this.counters ??= new Counters()
    this.counters[what] += by
  }

  get empty(): boolean {
    return this.entries.size === 0 && this.lookups === 0 && (this.flights === undefined || this.flights.size === 0)
  }
}
