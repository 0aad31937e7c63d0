import type { Store } from '../store/store.js'
import { bytes, demand, isSame, type Bench, type BenchCheck } from './store-contract-bench.js'

const STORES = 5
const CALLERS = 50

/** What decides among all processes. */
export const atomicChecks: readonly BenchCheck[] = [
  { id: 'create', name: 'creates what is missing, and leaves what is there', run: create },
  { id: 'create-once', name: 'gives 50 callers who create at once the same bytes', run: createOnce },
  { id: 'replace', name: 'replaces what still begins as it was seen', run: replace },
  { id: 'replace-changed', name: 'does not replace what has changed, or is gone', run: replaceChanged },
  { id: 'replace-missing', name: 'replaces what was seen missing only while it is', run: replaceMissing },
  {
    id: 'replace-once',
    name: 'lets one of 50 callers replace what all of them have seen',
    run: (bench) => replaceOnce(bench, true),
  },
  {
    id: 'replace-missing-once',
    name: 'lets one of 50 callers write what all of them have seen missing',
    run: (bench) => replaceOnce(bench, false),
  },
  { id: 'delete', name: 'deletes, and counts what was there', run: deletes },
]

async function create(bench: Bench): Promise<void> {
  const store = await bench.open()
  const created = await store.create(bench.item('key', 'first'))
  demand(isSame(created, bytes('first')), 'create of a missing key gave another value')
  const existing = await store.create(bench.item('key', 'second'))
  demand(isSame(existing, bytes('first')), 'create of a key that is there did not give what is there')
  await bench.expectValue(store, 'key', 'first', 'create of a key that is there')
}

async function createOnce(bench: Bench): Promise<void> {
  const stores = await bench.openMany(STORES)
  const created = await Promise.all(callers(stores, (store, at) => store.create(bench.item('key', `caller ${at}`))))
  const distinct = new Set(created.map((value) => new TextDecoder().decode(value)))
  demand(distinct.size === 1, `${distinct.size} different values were given`)
  await bench.expectValue(stores[0] as Store, 'key', created[0] as Uint8Array, 'after create at once')
}

async function replace(bench: Bench): Promise<void> {
  const store = await bench.open()
  const writeId = Uint8Array.from({ length: 16 }, (_, at) => 255 - at)
  await store.set([bench.item('key', Uint8Array.of(...writeId, 1, 2, 3))])
  const replaced = await store.replace(bench.item('key', 'second'), writeId)
  demand(replaced, 'a value that begins as it was seen was not replaced')
  await bench.expectValue(store, 'key', 'second', 'after replace')
}

async function replaceChanged(bench: Bench): Promise<void> {
  const store = await bench.open()
  const seen = bytes('seen').subarray(0, 16)
  const changed = seen.slice()
  changed[15] = 0
  await store.set([bench.item('key', changed), bench.item('short', seen.subarray(0, 8))])
  demand(!(await store.replace(bench.item('key', 'late'), seen)), 'a value that has changed was replaced')
  await bench.expectValue(store, 'key', changed, 'replace of what has changed')
  demand(!(await store.replace(bench.item('short', 'late'), seen)), 'a value shorter than what was seen was replaced')
  demand(!(await store.replace(bench.item('gone', 'late'), seen)), 'a value that is gone was replaced')
  await bench.expectNothing(store, 'gone', 'replace of what is gone')
}

async function replaceMissing(bench: Bench): Promise<void> {
  const store = await bench.open()
  demand(await store.replace(bench.item('key', 'first'), undefined), 'a value that is still missing was not written')
  await bench.expectValue(store, 'key', 'first', 'after replace of what was missing')
  demand(!(await store.replace(bench.item('key', 'second'), undefined)), 'a value that came meanwhile was replaced')
  await bench.expectValue(store, 'key', 'first', 'replace of what came meanwhile')
}

async function replaceOnce(bench: Bench, isThere: boolean): Promise<void> {
  const stores = await bench.openMany(STORES)
  const seen = isThere ? bytes('seen') : undefined
  if (seen) await (stores[0] as Store).set([bench.item('key', seen)])
  const replaced = await Promise.all(
    callers(stores, (store, at) => store.replace(bench.item('key', `caller ${at}`), seen?.subarray(0, 16))),
  )
  const winners = replaced.flatMap((won, at) => (won ? [at] : []))
  demand(winners.length === 1, `${winners.length} of ${CALLERS} callers won`)
  await bench.expectValue(stores[1] as Store, 'key', `caller ${winners[0]}`, 'after replace at once')
}

async function deletes(bench: Bench): Promise<void> {
  const store = await bench.open()
  await store.set(['a', 'b', 'c'].map((name) => bench.item(name, name)))
  const count = await store.delete(['a', 'missing', 'c'].map((name) => bench.key(name)))
  demand(count === 2, `delete of two keys that are there, and one that is not, gave ${count}`)
  await bench.expectNothing(store, 'a', 'after delete')
  await bench.expectNothing(store, 'c', 'after delete')
  await bench.expectValue(store, 'b', 'b', 'delete of others')
  demand((await store.delete([bench.key('a')])) === 0, 'delete of a key that is gone gave another number than 0')
}

/** Fifty calls at once, spread over the stores. */
function callers<T>(stores: readonly Store[], call: (store: Store, at: number) => Promise<T>): Promise<T>[] {
  return Array.from({ length: CALLERS }, (_, at) => call(stores[at % stores.length] as Store, at))
}
