import { setTimeout as pause } from 'node:timers/promises'
import { isHit } from '../../adapters/client.js'
import { seededRandom } from '../../../packages/core/src/testing/seeded-random.js'
import { resourceOf, type FaultNode, type Route } from './node.js'
import type { Truth } from './truth.js'

const ORGANIZATIONS = 4
const USERS = 5
/** Clients at once, and how long each waits between requests, in milliseconds. */
const CLIENTS = 8
const PAUSE = 10
/** A request that took so long, in milliseconds, has waited for a deadline of the store: 100 for a read. */
export const WAITED = 90

/** What came of the requests that began in one phase. */
export class Tally {
  requests = 0
  /** Reads of cached routes, and how many of them came from the cache. */
  reads = 0
  hits = 0
  writes = 0
  /** Answers that were not the handler's own. */
  readonly failures: string[] = []
  /** Answers of somebody else, and such as are older than an acknowledged invalidation. */
  readonly leaks: string[] = []
  readonly stale: string[] = []
  /** Milliseconds. */
  readonly readTimes: number[] = []
  readonly uncachedTimes: number[] = []
  readonly writeTimes: number[] = []

  get waited(): number {
    return this.readTimes.filter((time) => time >= WAITED).length
  }

  get longestRead(): number {
    return Math.max(0, ...this.readTimes)
  }

  get longestWrite(): number {
    return Math.max(0, ...this.writeTimes)
  }

  get hitShare(): number {
    return this.hits / Math.max(1, this.reads)
  }
}

/** The value below which that share of the numbers is. */
export function quantile(numbers: readonly number[], share: number): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length * share)] ?? 0
}

/** Requests of many tenants to all nodes, each answer judged by whose it is and how old. */
export class Load {
  readonly #nodes: readonly FaultNode[]
  readonly #truth: Truth
  readonly #random: () => number
  #tally = new Tally()
  #isStopped = false
  readonly #clients: Promise<void>[]

  constructor(nodes: readonly FaultNode[], truth: Truth, seed: number) {
    this.#nodes = nodes
    this.#truth = truth
    this.#random = seededRandom(seed)
    this.#clients = Array.from({ length: CLIENTS }, () => this.#client())
  }

  /** What came of the phase so far; the next one begins. */
  nextPhase(): Tally {
    const ended = this.#tally
    this.#tally = new Tally()
    return ended
  }

  /** Of this phase so far. */
  get hits(): number {
    return this.#tally.hits
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#clients)
  }

  async #client(): Promise<void> {
    while (!this.#isStopped) {
      const tally = this.#tally
      await this.#request(tally).catch((error: Error) => tally.failures.push(error.message))
      await pause(PAUSE)
    }
  }

  #request(tally: Tally): Promise<void> {
    const node = this.#nodes[this.#below(this.#nodes.length)] as FaultNode
    const who = `org${this.#below(ORGANIZATIONS)}/u${this.#below(USERS)}/s`
    const chance = this.#random()
    if (chance < 0.05) return this.#write(tally, node, this.#route(this.#random()), who)
    if (chance < 0.15) return this.read(tally, node, 'uncached', who)
    return this.read(tally, node, this.#route(this.#random()), who)
  }

  #route(chance: number): Route {
    if (chance < 0.6) return 'user'
    return chance < 0.8 ? 'org' : 'public'
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound)
  }

  /** One read; judged into the tally. */
  async read(tally: Tally, node: FaultNode, route: Route, who: string): Promise<void> {
    const resource = resourceOf(route, who)
    const floor = this.#truth.floor(resource, node.at)
    const began = performance.now()
    const got = await node.ask(`/${route}`, route === 'public' ? {} : { as: who })
    const time = performance.now() - began
    const [mark, of, version] = got.body.split(' ')
    tally.requests++
    if (got.status !== 200 || mark !== 'CNRY') tally.failures.push(`${got.status} ${got.body.slice(0, 80)}`)
    else if (of !== resource || got.headers['x-canary'] !== resource) tally.leaks.push(`${of} to ${resource}`)
    else if (Number(version) < floor) tally.stale.push(`${resource}@${node.at}: ${version} < ${floor}`)
    if (route === 'uncached') return void tally.uncachedTimes.push(time)
    tally.reads++
    tally.readTimes.push(time)
    if (isHit(got)) tally.hits++
  }

  async #write(tally: Tally, node: FaultNode, route: Route, who: string): Promise<void> {
    const began = performance.now()
    const { status, body } = await node.ask(`/write?route=${route}`, { method: 'POST', as: who })
    tally.writeTimes.push(performance.now() - began)
    tally.requests++
    tally.writes++
    if (status !== 200) return void tally.failures.push(`${status} ${body.slice(0, 80)}`)
    this.#truth.acknowledge(resourceOf(route, who), (JSON.parse(body) as { version: number }).version, node.at)
  }
}
