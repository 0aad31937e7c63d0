import { ScopedCache } from '@cacheado/core'
import { LEAF_OVERHEAD, NODE_OVERHEAD, type ScopeNode } from '../../src/memory/scope-node.js'
import type { Leaf } from '../../src/memory/leaf.js'

export interface Held {
  entries: number
  bytes: number
  scopes: number
}

/**
 * Counts everything in a cache's tree anew and compares: each scope's own counts, and that none is left that holds nothing.
 * Throws where they differ; gives what there is.
 */
export function audit(cache: ScopedCache): Held {
  const { root } = ScopedCache.engineOf(cache).tier
  return count(root, root)
}

/** Whether nothing at all is left: no entry, no scope, no byte, in no queue and no namespace. */
export function expectEmpty(cache: ScopedCache): void {
  const { tier } = ScopedCache.engineOf(cache)
  const { root } = tier
  const held = audit(cache)
  const spaces = [...tier.spaces]
  const left = {
    entries: held.entries,
    bytes: held.bytes,
    scopes: held.scopes,
    inFlight: tier.inFlight,
    children: root.children.reduce((sum, siblings) => sum + (siblings?.size ?? 0), 0),
    leaves: root.leaves.size + spaces.reduce((sum, space) => sum + space.leaves.size, 0),
    spaces: spaces.reduce((sum, space) => sum + space.entries + space.bytes + space.inFlight, 0),
    budgets: spaces.reduce((sum, { budget }) => sum + budget.entries + budget.bytes, 0),
    queues: spaces.filter(({ budget }) => budget.queue.victim() !== undefined).length,
  }
  for (const [what, count] of Object.entries(left)) if (count !== 0) throw new Error(`${what} left: ${count}`)
}

function count(node: ScopeNode, root: ScopeNode): Held {
  const held: Held = { entries: 0, bytes: node === root ? 0 : NODE_OVERHEAD, scopes: node === root ? 0 : 1 }
  for (const leaf of node.leaves.values()) addLeaf(held, leaf)
  for (const siblings of node.children) {
    for (const child of siblings?.values() ?? []) {
      if (child.above !== node) throw new Error('a scope does not know what it hangs on')
      const below = count(child, root)
      held.entries += below.entries
      held.bytes += below.bytes
      held.scopes += below.scopes
    }
  }
  if (node !== root && node.empty) throw new Error('a scope is left that holds nothing')
  if (node.entries !== held.entries) throw new Error(`${node.entries} entries counted, ${held.entries} are there`)
  if (node.bytes !== held.bytes) throw new Error(`${node.bytes} bytes counted, ${held.bytes} are there`)
  return held
}

function addLeaf(held: Held, leaf: Leaf): void {
  if (leaf.empty || leaf.detached) throw new Error('a leaf is left that holds nothing')
  held.bytes += LEAF_OVERHEAD
  for (const entry of leaf.entries.values()) {
    held.entries++
    held.bytes += entry.bytes
  }
}
