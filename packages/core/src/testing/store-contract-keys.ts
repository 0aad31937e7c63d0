import type { Store } from '../store/store.js'
import { bytes, demand, isSame, type Bench, type BenchCheck } from './store-contract-bench.js'

/** Everything that a key may hold: printable ASCII without braces, which come once. */
const PRINTABLE = Array.from({ length: 94 }, (_, at) => String.fromCodePoint(33 + at))
  .filter((character) => character !== '{' && character !== '}')
  .join('')

/** What matches more than itself where a prefix is taken for a pattern. */
const PATTERNS = ['*', '?', '[a-z]', '[^a]', '\\', '\\*', '%', '_', '^', '.', '.*', '(', '|', '$']

/** Keys are text and nothing else. */
export const keyChecks: readonly BenchCheck[] = [
  { id: 'hostile-keys', name: 'keeps keys apart, whatever printable characters they hold', run: hostileKeys },
  { id: 'long-keys', name: 'keeps keys of 2,000 characters apart', run: longKeys },
  { id: 'keys', name: 'lists all keys that begin with a prefix, and no other', run: lists },
  { id: 'keys-patterns', name: 'takes a prefix for text, never for a pattern', run: listsNoPattern },
  { id: 'distrust', name: 'goes on answering after it was told to distrust its connection', run: distrust },
]

async function hostileKeys(bench: Bench): Promise<void> {
  const store = await bench.open()
  const names = [
    ...PATTERNS,
    PRINTABLE,
    'Key',
    'key',
    'key:',
    'key::',
    '{same}1',
    '{same}2',
    'a{b}c',
    '{}',
    '%7B',
    "'",
    '"',
    '`',
  ]
  await store.set(names.map((name) => bench.item(name, `value of ${name}`)))
  for (const name of names) await bench.expectValue(store, name, `value of ${name}`, 'a key with hostile characters')
  const count = await store.delete([bench.key('*'), bench.key('?')])
  demand(count === 2, `delete of two keys that look like patterns gave ${count}`)
  await bench.expectValue(store, 'key', 'value of key', 'delete of a key that looks like a pattern')
}

async function longKeys(bench: Bench): Promise<void> {
  const store = await bench.open()
  const long = 'x'.repeat(1999 - bench.key('').length)
  await store.set([bench.item(`${long}a`, 'a'), bench.item(`${long}b`, 'b')])
  const [a, b, missing] = await store.getMany(['a', 'b', 'c'].map((end) => bench.key(long + end)))
  demand(isSame(a, bytes('a')) && isSame(b, bytes('b')), 'two long keys that differ at their end meet')
  demand(missing === undefined, 'a long key that was not written has a value')
}

async function lists(bench: Bench): Promise<void> {
  const store = await bench.open()
  const inside = Array.from({ length: 1200 }, (_, at) => `in:${at}`)
  await store.set([...inside, 'in', 'in-side', 'In:1', 'other'].map((name) => bench.item(name, name)))
  const found = await listed(store, bench.key('in:'))
  demand(found.size === inside.length, `${found.size} keys of ${inside.length} were listed`)
  demand(
    inside.every((name) => found.has(bench.key(name))),
    'a key was listed that does not begin with the prefix',
  )
  demand((await listed(store, bench.key('nothing:'))).size === 0, 'keys were listed under a prefix that has none')
  await bench.expectValue(store, 'other', 'other', 'keys were listed')
}

async function listsNoPattern(bench: Bench): Promise<void> {
  const store = await bench.open()
  const names = [...PATTERNS.map((pattern) => `${pattern}1`), 'a1', 'b1', 'ab1', 'x', '{tag}*1', '{tag}a1']
  await store.set(names.map((name) => bench.item(name, name)))
  for (const prefix of [...PATTERNS, '{tag}*']) {
    const found = await listed(store, bench.key(prefix))
    const expected = names.map((name) => bench.key(name)).filter((key) => key.startsWith(bench.key(prefix)))
    const isRight = found.size === expected.length && expected.every((key) => found.has(key))
    demand(isRight, `${found.size} keys instead of ${expected.length} begin with ${JSON.stringify(prefix)}`)
  }
}

async function listed(store: Store, prefix: string): Promise<Set<string>> {
  demand(store.keys !== undefined, 'the store offers no keys(): say so in `except`')
  const found = new Set<string>()
  for await (const slice of store.keys(prefix)) for (const key of slice) found.add(key)
  return found
}

async function distrust(bench: Bench): Promise<void> {
  const store = await bench.open()
  demand(store.distrust !== undefined, 'the store offers no distrust(): say so in `except`')
  await store.set([bench.item('key', 'value')])
  const answer: unknown = store.distrust()
  demand(answer === 'replaced' || answer === 'borrowed', "distrust gave neither 'replaced' nor 'borrowed'")
  await bench.until('it answers after distrust', () =>
    bench.read(store, 'key').then(
      (value) => isSame(value, bytes('value')),
      () => false,
    ),
  )
}
