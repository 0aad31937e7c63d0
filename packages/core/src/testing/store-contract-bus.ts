import type { Bus, BusListener, Store } from '../store/store.js'
import { bytes, demand, isSame, type Bench, type BenchCheck } from './store-contract-bench.js'

/** What one process tells the others. */
export const busChecks: readonly BenchCheck[] = [
  { id: 'bus', name: 'brings a message to all processes, the sender too, byte for byte', run: reachesAll },
  { id: 'bus-order', name: 'brings the messages of one process in their order, each once', run: keepsOrder },
  { id: 'bus-set', name: 'sends the message of a set after its items are there', run: itemsFirst },
  { id: 'bus-close', name: 'brings no message after it was closed', run: silentAfterClose },
]

async function reachesAll(bench: Bench): Promise<void> {
  const [one, other] = (await bench.openMany(2)) as [Store, Store]
  const inboxes = [await listening(bench, one), await listening(bench, other)]
  const message = Uint8Array.from({ length: 256 }, (_, at) => at)
  await busOf(one).publish(message)
  for (const inbox of inboxes) {
    await bench.until('a message arrives', () => inbox.messages.length > 0)
    demand(inbox.messages.length === 1 && isSame(inbox.messages[0], message), 'another message arrived')
  }
}

async function keepsOrder(bench: Bench): Promise<void> {
  const [sender, receiver] = (await bench.openMany(2)) as [Store, Store]
  const inboxes = [await listening(bench, sender), await listening(bench, receiver)]
  const sent: Promise<void>[] = []
  for (let at = 0; at < 200; at++) {
    const message = bytes(`message ${at}`)
    sent.push(at % 2 === 0 ? busOf(sender).publish(message) : sender.set([bench.item(`${at}`, 'value')], message))
  }
  await Promise.all(sent)
  for (const inbox of inboxes) {
    await bench.until('all messages arrive', () => inbox.messages.length >= sent.length)
    const ordered = inbox.messages.every((message, at) => isSame(message, bytes(`message ${at}`)))
    demand(ordered && inbox.messages.length === sent.length, 'messages arrived in another order, or twice')
  }
}

async function itemsFirst(bench: Bench): Promise<void> {
  const [writer, reader] = (await bench.openMany(2)) as [Store, Store]
  const reads: Promise<readonly (Uint8Array | undefined)[]>[] = []
  const names = ['a', 'b', 'c']
  const inbox = await listening(bench, reader, () => {
    reads.push(reader.getMany(names.map((name) => bench.key(name))))
  })
  for (let round = 0; round < 20; round++) {
    const text = `round ${round}`
    await writer.set(
      names.map((name) => bench.item(name, text)),
      bytes(text),
    )
    await bench.until('the message of a set arrives', () => inbox.messages.length > round)
    const values = await reads[round]!
    demand(isSame(inbox.messages[round], bytes(text)), 'another message arrived')
    demand(
      values.every((value) => isSame(value, bytes(text))),
      'a message came before the items could be read',
    )
  }
}

async function silentAfterClose(bench: Bench): Promise<void> {
  const [sender, closed] = (await bench.openMany(2)) as [Store, Store]
  const open = await listening(bench, sender)
  const inbox = await listening(bench, closed)
  await closed.close()
  await busOf(sender).publish(bytes('late'))
  await bench.until('a message arrives', () => open.messages.length > 0)
  demand(inbox.messages.length === 0, 'a message came after close')
}

interface Inbox {
  readonly messages: Uint8Array[]
}

/** Resolves when the store says that every message comes. */
async function listening(bench: Bench, store: Store, onMessage?: () => void): Promise<Inbox> {
  const messages: Uint8Array[] = []
  let isUp = false
  const listener: BusListener = {
    message(message) {
      messages.push(message)
      onMessage?.()
    },
    up: () => void (isUp = true),
    down: () => void (isUp = false),
  }
  busOf(store).listen(listener)
  await bench.until('the bus is up', () => isUp)
  return { messages }
}

function busOf(store: Store): Bus {
  demand(store.bus !== undefined, 'the store offers no bus: say so in `except`')
  return store.bus
}
