import { describe, expect, it } from 'vitest'
import { scopeForest, ScopeForest } from '../src/define-scopes.js'
import { digest } from '../src/digest.js'
import { entryText, leaseText, scopeText, stampText } from '../src/path-text.js'

const forest = scopeForest(
  new ScopeForest({ organization: 'global', user: 'organization', session: 'user' }, { secret: ['session'] }),
)
const session = forest.level('session')
const ids = ['org_1', 'a/b', 'credential']
const user = { versions: [''], namespace: '', scope: scopeText(forest.level('user'), ['org_1', 'bob']) }

describe("a scope's text", () => {
  it('names each level before its id, from the root down, the topmost in braces', () => {
    expect(scopeText(forest.root, [])).toBe('global')
    expect(scopeText(forest.level('organization'), ids)).toBe('{organization=org_1}')
    expect(scopeText(forest.level('user'), ids)).toBe('{organization=org_1}/user=a%2Fb')
  })

  it('holds a digest in place of a credential', () => {
    expect(scopeText(session, ids)).toBe(`{organization=org_1}/user=a%2Fb/session=~${digest('credential')}`)
    const forged = ['org_1', 'a/b', `~${digest('credential')}`]
    expect(scopeText(session, forged)).not.toBe(scopeText(session, ids))
  })

  it('begins no other scope, but those below it', () => {
    const text = scopeText(forest.level('organization'), ['acme'])
    expect(scopeText(forest.level('organization'), ['acme-corp']).startsWith(text)).toBe(false)
    expect(scopeText(forest.level('user'), ['acme', 'bob']).startsWith(`${text}/`)).toBe(true)
  })
})

describe("an entry's text", () => {
  it('holds scope, format, versions, namespace and key', () => {
    expect(entryText({ ...user, versions: ['v2', 'a,b'], namespace: 'GET /a|b', key: 'k' })).toBe(
      '{organization=org_1}/user=bob|1|v2,a%2Cb|GET%20%2Fa%7Cb|k',
    )
    expect(entryText({ ...user, key: 7 })).toBe('{organization=org_1}/user=bob|1|||*7')
    expect(entryText({ ...user, key: '\0(a,*7)' })).toBe('{organization=org_1}/user=bob|1|||(a,*7)')
  })

  it('holds a digest in place of a long key, another one for a text than for a tuple', () => {
    const long = 'x'.repeat(512)
    const prefix = '{organization=org_1}/user=bob|1|||'
    expect(entryText({ ...user, key: long })).toBe(`${prefix}${long}`)
    expect(entryText({ ...user, key: `${long}x` })).toBe(`${prefix}=${digest(`${long}x`)}`)
    expect(entryText({ ...user, key: `\0(${long})` })).toBe(`${prefix}=${digest(`(${long})`)}`)
    expect(entryText({ ...user, key: `(${long})` })).not.toBe(entryText({ ...user, key: `\0(${long})` }))
  })

  it('is never that of a stamp or a lease', () => {
    const texts = [
      ...['#scope', '#tags', 'lease', '#tag=a', '#scope|1'].map((key) => entryText({ ...user, key })),
      ...['scope', 'tags', 'tag=a', 'namespace=a'].map((name) => stampText(user.scope, name)),
      ...['a', 'lease'].map((key) => leaseText(entryText({ ...user, key }))),
    ]
    expect(new Set(texts).size).toBe(texts.length)
  })
})
