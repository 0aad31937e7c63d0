import { createHash } from 'node:crypto'
import { togetherPart } from './store-key.js'

/**
 * Which server holds a key: the one with the highest score for the part of the key that keys which belong together share
 * (rendezvous hashing). Where a server is added or taken away, only the keys that it takes or held move.
 */
export class ServerChoice<T> {
  readonly #servers: readonly { readonly seed: number; readonly server: T }[]

  /** @param servers each with its name: processes agree where names do, in any order */
  constructor(servers: readonly { readonly name: string; readonly server: T }[]) {
    this.#servers = servers.map(({ name, server }) => ({
      seed: createHash('sha256').update(name).digest().readUInt32LE(),
      server,
    }))
  }

  of(key: string): T {
    let best = this.#servers[0] as { readonly server: T }
    if (this.#servers.length === 1) return best.server
    const hash = textHash(togetherPart(key))
    let highest = -1
    for (const candidate of this.#servers) {
      const score = mixed(hash ^ candidate.seed)
      if (score > highest) {
        best = candidate
        highest = score
      }
    }
    return best.server
  }
}

/** FNV-1a. */
function textHash(text: string): number {
  let hash = 0x81_1c_9d_c5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01_00_01_93)
  return hash
}

/** The finalizer of MurmurHash3: each bit of the input changes half of the result's. */
function mixed(hash: number): number {
  let mix = hash
  mix = Math.imul(mix ^ (mix >>> 16), 0x85_eb_ca_6b)
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2_b2_ae_35)
  return (mix ^ (mix >>> 16)) >>> 0
}
