import type { Store } from '../store/store.js'
import { bytes, demand, demandRejection, isSame, type Bench, type BenchCheck } from './store-contract-bench.js'

/** What is read is what was written. */
export const byteChecks: readonly BenchCheck[] = [
  { id: 'opens', name: 'has a name, and connects without rejecting', run: opens },
  { id: 'order', name: 'gives values in the order of the keys, and undefined for what is not there', run: order },
  { id: 'no-keys', name: 'does nothing with no keys and no items', run: noKeys },
  { id: 'many-keys', name: 'gives 500 keys at once', run: manyKeys },
  { id: 'all-bytes', name: 'keeps all 256 byte values, in any order', run: allBytes },
  { id: 'empty-value', name: 'tells an empty value from none', run: emptyValue },
  { id: 'large-value', name: 'keeps a value of 1 MiB', run: largeValue },
  {
    id: 'several-items',
    name: 'writes several items at once, the last one under a key that comes twice',
    run: severalItems,
  },
  { id: 'overwrites', name: 'overwrites', run: overwrites },
  { id: 'no-shared-write', name: 'keeps no view of the bytes it was given', run: noSharedWrite },
  { id: 'no-shared-read', name: 'hands out bytes that nobody else has', run: noSharedRead },
  { id: 'close', name: 'rejects every operation after it was closed', run: rejectsAfterClose },
]

async function opens(bench: Bench): Promise<void> {
  const store = await bench.open()
  demand(typeof store.name === 'string' && store.name !== '', 'name is no text')
  await store.connect?.()
  await bench.expectNothing(store, 'missing', 'nothing was written')
}

async function order(bench: Bench): Promise<void> {
  const [writer, reader] = (await bench.openMany(2)) as [Store, Store]
  await writer.set([bench.item('a', 'A'), bench.item('b', 'B'), bench.item('c', 'C')])
  const names = ['c', 'missing', 'a', 'a', 'gone', 'b']
  const values = await reader.getMany(names.map((name) => bench.key(name)))
  const expected = ['C', undefined, 'A', 'A', undefined, 'B']
  demand(values.length === names.length, `${names.length} keys gave ${values.length} values`)
  for (const [at, text] of expected.entries()) {
    demand(isSame(values[at], text === undefined ? undefined : bytes(text)), `value ${at} of ${names.length} is wrong`)
  }
}

async function noKeys(bench: Bench): Promise<void> {
  const store = await bench.open()
  demand((await store.getMany([])).length === 0, 'getMany of no keys gave values')
  demand((await store.delete([])) === 0, 'delete of no keys gave another number than 0')
  await store.set([])
}

async function manyKeys(bench: Bench): Promise<void> {
  const store = await bench.open()
  const numbers = Array.from({ length: 500 }, (_, number) => number)
  const isThere = (number: number) => number % 3 !== 0
  await store.set(numbers.filter(isThere).map((number) => bench.item(`${number}`, `value ${number}`)))
  const values = await store.getMany(numbers.map((number) => bench.key(`${number}`)))
  demand(values.length === 500, `500 keys gave ${values.length} values`)
  for (const number of numbers) {
    const expected = isThere(number) ? bytes(`value ${number}`) : undefined
    demand(isSame(values[number], expected), `value ${number} of 500 is wrong`)
  }
}

async function allBytes(bench: Bench): Promise<void> {
  const store = await bench.open()
  const rising = Uint8Array.from({ length: 256 }, (_, at) => at)
  const values = [rising, rising.toReversed(), new Uint8Array(300), new Uint8Array(300).fill(255), lineEnds()]
  await store.set(values.map((value, at) => bench.item(`${at}`, value)))
  for (const [at, value] of values.entries()) await bench.expectValue(store, `${at}`, value, `bytes, series ${at}`)
}

/** What line protocols end on. */
function lineEnds(): Uint8Array {
  return new TextEncoder().encode('\r\nEND\r\n$-1\r\n+OK\r\nSTORED\r\n\0\n\r')
}

async function emptyValue(bench: Bench): Promise<void> {
  const store = await bench.open()
  await store.set([bench.item('empty', new Uint8Array())])
  await bench.expectValue(store, 'empty', new Uint8Array(), 'an empty value was written')
}

async function largeValue(bench: Bench): Promise<void> {
  const store = await bench.open()
  const value = Uint8Array.from({ length: 1_048_576 }, (_, at) => (at * 31 + (at >> 8)) & 255)
  await store.set([bench.item('large', value), bench.item('small', 'small')])
  await bench.expectValue(store, 'large', value, 'a large value was written')
  await bench.expectValue(store, 'small', 'small', 'a small value was written after a large one')
}

async function severalItems(bench: Bench): Promise<void> {
  const [writer, reader] = (await bench.openMany(2)) as [Store, Store]
  const items = Array.from({ length: 100 }, (_, at) => bench.item(`${at}`, `value ${at}`))
  await writer.set([...items, bench.item('0', 'last')])
  await bench.expectValue(reader, '0', 'last', 'two items had one key')
  for (const at of [1, 50, 99]) await bench.expectValue(reader, `${at}`, `value ${at}`, `item ${at} of 101`)
}

async function overwrites(bench: Bench): Promise<void> {
  const store = await bench.open()
  await store.set([bench.item('key', 'first, and longer than the second')])
  await store.set([bench.item('key', 'second')])
  await bench.expectValue(store, 'key', 'second', 'a value was overwritten')
}

async function noSharedWrite(bench: Bench): Promise<void> {
  const store = await bench.open()
  // A view into the middle of something larger: only what it shows is the value.
  const larger = new Uint8Array(96).fill(7)
  const view = larger.subarray(32, 64)
  await store.set([bench.item('set', view)])
  await store.create(bench.item('create', view))
  await store.replace(bench.item('replace', view), undefined)
  larger.fill(9)
  for (const name of ['set', 'create', 'replace']) {
    await bench.expectValue(store, name, new Uint8Array(32).fill(7), `the caller used its bytes again after ${name}`)
  }
}

async function noSharedRead(bench: Bench): Promise<void> {
  const store = await bench.open()
  await store.set([bench.item('key', 'value')])
  const key = bench.key('key')
  const [one, other] = await store.getMany([key, key])
  one?.fill(0)
  demand(isSame(other, bytes('value')), 'two values of one answer share their bytes')
  const created = await store.create(bench.item('key', 'other'))
  created.fill(0)
  await bench.expectValue(store, 'key', 'value', 'a reader changed the bytes it got')
}

async function rejectsAfterClose(bench: Bench): Promise<void> {
  const store = await bench.open()
  await store.set([bench.item('key', 'value')])
  await store.close()
  const item = bench.item('key', 'late')
  await demandRejection(store.getMany([item.key]), 'getMany resolved after close')
  await demandRejection(store.set([item]), 'set resolved after close')
  await demandRejection(store.create(item), 'create resolved after close')
  await demandRejection(store.replace(item, undefined), 'replace resolved after close')
  await demandRejection(store.delete([item.key]), 'delete resolved after close')
  if (store.keys) await demandRejection(firstOf(store.keys(item.key)), 'keys answered after close')
  if (store.bus) await demandRejection(store.bus.publish(bytes('late')), 'publish resolved after close')
  await bench.expectValue(await bench.open(), 'key', 'value', 'a store was closed')
}

function firstOf(slices: AsyncIterable<readonly string[]>): Promise<unknown> {
  return slices[Symbol.asyncIterator]().next()
}
