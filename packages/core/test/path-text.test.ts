import { describe, expect, it } from 'vitest'
import { scopeForest, ScopeForest } from '../src/define-scopes.js'
import { digest } from '../src/digest.js'
import { entryText, scopeText } from '../src/path-text.js'

const forest = scopeForest(
  new ScopeForest({ organization: 'global', user: 'organization', session: 'user' }, { secret: ['session'] }),
)
const session = forest.level('session')
const ids = ['org_1', 'a/b', 'credential']
const user = { version: '', namespace: '', level: forest.level('user'), ids: ['org_1', 'bob'] }

describe("a scope's text", () => {
  it('names each level before its id, from the root down', () => {
    expect(scopeText(forest.root, [])).toBe('')
    expect(scopeText(forest.level('user'), ids)).toBe('organization=org_1/user=a%2Fb')
  })

  it('holds a digest in place of a credential', () => {
    expect(scopeText(session, ids)).toBe(`organization=org_1/user=a%2Fb/session=~${digest('credential')}`)
    const forged = ['org_1', 'a/b', `~${digest('credential')}`]
    expect(scopeText(session, forged)).not.toBe(scopeText(session, ids))
  })
})

describe("an entry's text", () => {
  it('holds format, version, namespace, scope and key', () => {
    expect(entryText({ ...user, version: 'v2', namespace: 'GET /a|b', key: 'k' })).toBe(
      '1|v2|GET%20%2Fa%7Cb|organization=org_1/user=bob|k',
    )
    expect(entryText({ ...user, key: 7 })).toBe('1|||organization=org_1/user=bob|*7')
    expect(entryText({ ...user, key: '\0(a,*7)' })).toBe('1|||organization=org_1/user=bob|(a,*7)')
  })

  it('holds a digest in place of a long key, another one for a text than for a tuple', () => {
    const long = 'x'.repeat(512)
    expect(entryText({ ...user, key: long })).toBe(`1|||organization=org_1/user=bob|${long}`)
    expect(entryText({ ...user, key: `${long}x` })).toBe(`1|||organization=org_1/user=bob|=${digest(`${long}x`)}`)
    expect(entryText({ ...user, key: `\0(${long})` })).toBe(`1|||organization=org_1/user=bob|=${digest(`(${long})`)}`)
    expect(entryText({ ...user, key: `(${long})` })).not.toBe(entryText({ ...user, key: `\0(${long})` }))
  })
})
