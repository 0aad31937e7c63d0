import { expect, test } from 'vitest'
import { ServerChoice } from '../src/server-choice.js'

const named = (...names: string[]) => names.map((name) => ({ name, server: name }))
const keys = Array.from({ length: 9000 }, (_, at) => `shop:{organization:${at}}:key`)

test('keys spread evenly over the servers', () => {
  const choice = new ServerChoice(named('a:1', 'b:1', 'c:1'))
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(choice.of(key), (counts.get(choice.of(key)) ?? 0) + 1)
  for (const name of ['a:1', 'b:1', 'c:1'])
    expect(counts.get(name)).toSatisfy((count: number) => count > 2700 && count < 3300)
})

test('processes that name the servers in another order agree', () => {
  const one = new ServerChoice(named('a:1', 'b:1', 'c:1'))
  const other = new ServerChoice(named('c:1', 'a:1', 'b:1'))
  expect(keys.every((key) => one.of(key) === other.of(key))).toBe(true)
})

test('a server that is added only takes keys, none moves between the others', () => {
  const before = new ServerChoice(named('a:1', 'b:1', 'c:1'))
  const after = new ServerChoice(named('a:1', 'b:1', 'c:1', 'd:1'))
  const moved = keys.filter((key) => before.of(key) !== after.of(key))
  expect(moved.every((key) => after.of(key) === 'd:1')).toBe(true)
  expect(moved.length).toBeLessThan(keys.length / 3)
})

test('what belongs together stays together', () => {
  const choice = new ServerChoice(named('a:1', 'b:1', 'c:1'))
  const homes = new Set(Array.from({ length: 100 }, (_, at) => choice.of(`shop:{organization:7}:key ${at}`)))
  expect(homes.size).toBe(1)
})
