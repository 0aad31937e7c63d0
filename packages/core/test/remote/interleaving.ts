import type { Bus, Store } from '@cacheado/core/store'

/** Lets one thing happen after the other, in an order by chance that repeats with its seed. */
export class Interleaving {
  /** What happened, for a failure to tell. */
  readonly trace: string[] = []
  /** Whether operations wait to be chosen. */
  gated = false
  readonly #tasks: { readonly name: string; readonly run: () => void }[] = []
  /** Messages on their way to each node, in their order. */
  readonly #inboxes: (() => void)[][] = []
  /** Whether what one node asks of the store is done in that order, as over one connection. */
  ordered = false
  /** Where each node's next request waits for the one before. */
  readonly #requests: (Promise<void> | undefined)[] = []
  /** Messages sent, and how many of them each node has got. */
  sent = 0
  readonly delivered: number[] = []
  #random: () => number = Math.random

  begin(random: () => number, ordered: boolean): void {
    this.#random = random
    this.ordered = ordered
    this.trace.length = 0
    this.gated = true
  }

  /** Something that happens when it is chosen. */
  add(name: string, run: () => void): void {
    this.#tasks.push({ name, run })
  }

  /** A step that begins when it is chosen, and whose outcome is known when that is chosen. */
  async step<T>(name: string, act: () => T | Promise<T>): Promise<T> {
    if (!this.gated) return act()
    await this.#chosen(name)
    const outcome = Promise.resolve().then(act)
    await outcome.catch(() => {})
    await this.#chosen(`${name}: outcome`)
    return outcome
  }

  /** Lets one thing happen; `false` where nothing is left. */
  next(): boolean {
    const waiting = this.#inboxes.flatMap((inbox, node) => (inbox.length > 0 ? [node] : []))
    const choices = this.#tasks.length + waiting.length
    if (choices === 0) return false
    const choice = Math.floor(this.#random() * choices)
    if (choice < this.#tasks.length) {
      const [task] = this.#tasks.splice(choice, 1)
      this.trace.push(task?.name as string)
      task?.run()
    } else {
      const node = waiting[choice - this.#tasks.length] as number
      this.trace.push(`${node} hears`)
      this.#inboxes[node]?.shift()?.()
    }
    return true
  }

  /** A store whose every operation and every message waits to be chosen. */
  store(inner: Store, node: number): Store {
    this.#inboxes[node] = []
    this.delivered[node] = 0
    const gate = <T>(name: string, act: () => Promise<T>) => this.#request(node, `${node} ${name}`, act)
    return {
      name: inner.name,
      getMany: (keys) => gate(`getMany ${keys.map(short).join(' ')}`, () => inner.getMany(keys)),
      set: (items, message) =>
        gate(`set ${items.map(({ key }) => short(key)).join(' ')}`, () =>
          this.#sending(message, () => inner.set(items, message)),
        ),
      create: (item) => gate(`create ${short(item.key)}`, () => inner.create(item)),
      replace: (item, seen) => gate(`replace ${short(item.key)}`, () => inner.replace(item, seen)),
      delete: (keys) => gate('delete', () => inner.delete(keys)),
      close: () => inner.close(),
      bus: this.#bus(inner.bus as Bus, node),
    }
  }

  async #request<T>(node: number, name: string, act: () => Promise<T>): Promise<T> {
    if (!this.ordered || !this.gated) return this.step(name, act)
    let begun = () => {}
    const before = this.#requests[node]
    this.#requests[node] = new Promise((resolve) => (begun = resolve))
    await before
    return this.step(name, () => {
      begun()
      return act()
    })
  }

  #bus(inner: Bus, node: number): Bus {
    return {
      listen: (listener) =>
        inner.listen({
          up: () => listener.up(),
          down: () => listener.down(),
          message: (message) => {
            const hear = () => {
              this.delivered[node] = (this.delivered[node] ?? 0) + 1
              listener.message(message)
            }
            if (this.gated) this.#inboxes[node]?.push(hear)
            else hear()
          },
        }),
      publish: (message) => this.step(`${node} publish`, () => this.#sending(message, () => inner.publish(message))),
    }
  }

  #sending<T>(message: Uint8Array | undefined, act: () => T): T {
    if (message !== undefined) this.sent++
    return act()
  }

  #chosen(name: string): Promise<void> {
    return new Promise((resolve) => this.add(name, resolve))
  }
}

function short(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1).replace('{organization=', '{')
}
