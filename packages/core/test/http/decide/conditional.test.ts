import { describe, expect, it } from 'vitest'
import { isConditional, isNotModified } from '../../../src/http/decide/conditional.js'
import { sketchRequest } from './request.js'

const NOW = Date.UTC(2026, 6, 1)
const MODIFIED = Date.UTC(1994, 10, 6, 8, 49, 37)
const MODIFIED_TEXT = 'Sun, 06 Nov 1994 08:49:37 GMT'

const notModified = (headers: Record<string, string | string[]>, etag?: string, modified?: number) =>
  isNotModified(sketchRequest({ headers }), { etag, modified }, NOW)

describe('If-None-Match', () => {
  it.each<[string | string[], string | undefined, boolean]>([
    ['"a"', '"a"', true],
    ['W/"a"', '"a"', true],
    ['"a"', 'W/"a"', true],
    ['W/"a"', 'W/"a"', true],
    ['"b"', '"a"', false],
    ['"A"', '"a"', false],
    ['"x", "a"', '"a"', true],
    [['"x"', 'W/"a"'], '"a"', true],
    ['*', '"a"', true],
    ['*', undefined, true],
    ['"a"', undefined, false],
    ['a', '"a"', false],
    ['a', 'a', false],
    ['"a', '"a"', false],
    ['', '"a"', false],
  ])('%j against %s: %s', (noneMatch, etag, expected) => {
    expect(notModified({ 'if-none-match': noneMatch }, etag)).toBe(expected)
  })

  it('wins over If-Modified-Since', () => {
    const since = { 'if-modified-since': MODIFIED_TEXT }
    expect(notModified({ 'if-none-match': '"b"', ...since }, '"a"', MODIFIED)).toBe(false)
    expect(notModified({ 'if-none-match': '"a"', 'if-modified-since': 'x' }, '"a"', MODIFIED)).toBe(true)
  })
})

describe('If-Modified-Since', () => {
  it.each<[string, number | undefined, boolean]>([
    [MODIFIED_TEXT, MODIFIED, true],
    [MODIFIED_TEXT, MODIFIED - 1000, true],
    [MODIFIED_TEXT, MODIFIED + 1000, false],
    [MODIFIED_TEXT, undefined, false],
    ['Sunday, 06-Nov-94 08:49:37 GMT', MODIFIED, true],
    ['Sun Nov  6 08:49:37 1994', MODIFIED, true],
    ['1994-11-06', MODIFIED, false],
    [`${MODIFIED_TEXT}, ${MODIFIED_TEXT}`, MODIFIED, false],
  ])('%s: %s', (since, modified, expected) => {
    expect(notModified({ 'if-modified-since': since }, undefined, modified)).toBe(expected)
  })
})

it('a request is conditional where it has either', () => {
  expect(isConditional(sketchRequest())).toBe(false)
  expect(isConditional(sketchRequest({ headers: { 'if-none-match': '' } }))).toBe(true)
  expect(isConditional(sketchRequest({ headers: { 'if-modified-since': '' } }))).toBe(true)
  expect(notModified({}, '"a"', MODIFIED)).toBe(false)
})
