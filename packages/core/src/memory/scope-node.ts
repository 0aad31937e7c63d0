import type { LevelNode } from '../define-scopes.js'
import { Counters, type Counted } from './counters.js'
import { Leaf } from './leaf.js'
import type { Space } from './space.js'
import type { TagMarks } from './tag-marks.js'

/** What a scope costs besides its entries, in bytes: many scopes of one entry each must not go beyond the bound. */
export const NODE_OVERHEAD = 600
/** What a namespace costs in one scope. */
export const LEAF_OVERHEAD = 360

/**
 * One scope in memory. Its entries hang on its leaves, its narrower scopes below it, so invalidating it is taking it out of
 * its parent. `entries` and `bytes` count the whole subtree.
 */
export class ScopeNode {
  readonly leaves = new Map<Space, Leaf>()
  /** Children by level (its ordinal) and id. */
  readonly children: (Map<string, ScopeNode> | undefined)[] = []
  /** Where counts are added up; cut when the node leaves the tree, while `parent` still tells its path. */
  above: ScopeNode | undefined
  marks: TagMarks | undefined
  counters: Counters | undefined
  /** What the second tier knows about this scope; its own affair. */
  stamps: unknown
  entries = 0
  bytes = 0

  constructor(
    readonly level: LevelNode,
    readonly id: string,
    readonly parent: ScopeNode | undefined,
  ) {
    this.above = parent
  }

  child(level: LevelNode, id: string): ScopeNode | undefined {
    return this.children[level.ordinal]?.get(id)
  }

  /** The child, made where it is missing. */
  obtainChild(level: LevelNode, id: string): ScopeNode {
    let siblings = this.children[level.ordinal]
    if (siblings === undefined) {
      siblings = new Map()
      while (this.children.length <= level.ordinal) this.children.push(undefined)
      this.children[level.ordinal] = siblings
    }
    let child = siblings.get(id)
    if (child === undefined) {
      siblings.set(id, (child = new ScopeNode(level, id, this)))
      child.account(0, NODE_OVERHEAD)
    }
    return child
  }

  obtainLeaf(space: Space): Leaf {
    let leaf = this.leaves.get(space)
    if (leaf === undefined) {
      this.leaves.set(space, (leaf = new Leaf(this, space)))
      space.leaves.add(leaf)
      this.account(0, LEAF_OVERHEAD)
    }
    return leaf
  }

  /** Adds to the counts of this scope and all above it. */
  account(entries: number, bytes: number): void {
    for (let node: ScopeNode | undefined = this; node !== undefined; node = node.above) {
      node.entries += entries
      node.bytes += bytes
    }
  }

  count(what: Counted, by: number): void {
    this.counters ??= new Counters()
    this.counters[what] += by
  }

  /** Takes over what a leaf counted. */
  inherit(leaf: Leaf): void {
    if (leaf.hits > 0) this.count('hits', leaf.hits)
    if (leaf.counters !== undefined) (this.counters ??= new Counters()).add(leaf.counters)
  }

  /** Whether it still hangs below `root`: a scope that left the tree is cut from what was above it. */
  isBelow(root: ScopeNode): boolean {
    let node: ScopeNode = this
    while (node.above !== undefined) node = node.above
    return node === root
  }

  /** Takes it and all below it out of the tree at once; what it counted leaves the scopes above. */
  detach(): void {
    const above = this.above
    if (above === undefined) return
    above.children[this.level.ordinal]?.delete(this.id)
    above.account(-this.entries, -this.bytes)
    this.above = undefined
  }

  get empty(): boolean {
    return this.leaves.size === 0 && this.children.every((siblings) => siblings === undefined || siblings.size === 0)
  }

  /** Every scope below it, then itself: what a scope counted can be added to the one above before that is visited. */
  *subtree(): Generator<ScopeNode> {
    for (const siblings of this.children) {
      if (siblings) for (const child of siblings.values()) yield* child.subtree()
    }
    yield this
  }

  /** The ids from the root down to here. */
  ids(): string[] {
    const ids: string[] = []
    for (let node: ScopeNode | undefined = this; node?.parent !== undefined; node = node.parent) ids.unshift(node.id)
    return ids
  }
}
