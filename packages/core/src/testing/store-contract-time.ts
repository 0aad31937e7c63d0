import type { Store } from '../store/store.js'
import type { Bench, BenchCheck } from './store-contract-bench.js'

const DAY = 86_400_000

/** What is written ends when its time is over, and not before. */
export const timeChecks: readonly BenchCheck[] = [
  { id: 'ttl-ends', name: 'forgets an item when its ttl is over, and no other', run: ttlEnds },
  { id: 'ttl-shortest', name: 'forgets an item with a ttl of 1 ms', run: (bench) => ends(bench, 'set', 1) },
  {
    id: 'ttl-create',
    name: 'forgets what create wrote when its ttl is over',
    run: (bench) => ends(bench, 'create', 50),
  },
  { id: 'ttl-replace', name: 'gives an item that it replaces the new ttl', run: ttlOfReplaced },
  { id: 'ttl-overwrites', name: 'gives an item that is written again the new ttl', run: ttlOfOverwritten },
  { id: 'ttl-longest', name: 'keeps items with a ttl of 30 and of 60 days', run: ttlLongest },
]

async function ttlEnds(bench: Bench): Promise<void> {
  const store = await bench.open()
  await store.set([bench.item('short', 'short', 50), bench.item('long', 'long')])
  await gone(bench, store, 'short')
  await bench.expectValue(store, 'long', 'long', 'another item ended')
}

async function ends(bench: Bench, operation: 'set' | 'create', ttl: number): Promise<void> {
  const store = await bench.open()
  const item = bench.item('short', 'short', ttl)
  await (operation === 'set' ? store.set([item]) : store.create(item))
  await gone(bench, store, 'short')
}

async function ttlOfReplaced(bench: Bench): Promise<void> {
  const store = await bench.open()
  const long = bench.item('key', 'long')
  await store.set([long])
  await store.replace(bench.item('key', 'short', 50), long.value.subarray(0, 16))
  await gone(bench, store, 'key')
  await store.replace(bench.item('key', 'short', 50), undefined)
  await gone(bench, store, 'key')
}

async function ttlOfOverwritten(bench: Bench): Promise<void> {
  const store = await bench.open()
  await store.set([bench.item('shortened', 'long')])
  await store.set([bench.item('prolonged', 'short', 50), bench.item('sentinel', 'short', 50)])
  await store.set([bench.item('prolonged', 'long'), bench.item('shortened', 'short', 50)])
  await gone(bench, store, 'shortened')
  await gone(bench, store, 'sentinel')
  await bench.expectValue(store, 'prolonged', 'long', 'an item was written again with a longer ttl')
}

async function ttlLongest(bench: Bench): Promise<void> {
  const store = await bench.open()
  await store.set([bench.item('30', '30 days', 30 * DAY), bench.item('60', '60 days', 60 * DAY)])
  await bench.expectValue(store, '30', '30 days', 'the ttl is 30 days')
  await bench.expectValue(store, '60', '60 days', 'the ttl is 60 days')
  await store.delete([bench.key('30'), bench.key('60')])
}

function gone(bench: Bench, store: Store, name: string): Promise<void> {
  return bench.until('an item ends with its ttl', async () => (await bench.read(store, name)) === undefined)
}
