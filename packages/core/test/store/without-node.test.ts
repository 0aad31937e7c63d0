import { fileURLToPath } from 'node:url'
import { createContext, Script } from 'node:vm'
import { buildSync } from 'esbuild'
import { describe, expect, it } from 'vitest'

/* A Worker without `node:` modules: a realm of its own that has what the web platform has, and neither process nor Buffer. */

const source = (name: string) => JSON.stringify(fileURLToPath(new URL(`../../src/store/${name}.ts`, import.meta.url)))

const entry = `
  import { Compression, unpack } from ${source('compression')}
  import { decodeEnvelope } from ${source('envelope-reader')}
  import { encodeEnvelope } from ${source('envelope-writer')}
  import { randomId } from ${source('random-id')}
  import { Sealing } from ${source('sealing')}
  import { structuredCodec } from ${source('structured-codec')}
  globalThis.store = { Compression, decodeEnvelope, encodeEnvelope, randomId, Sealing, structuredCodec, unpack }
`
const built = buildSync({
  stdin: { contents: entry, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
  bundle: true,
  write: false,
  format: 'iife',
  platform: 'neutral',
  target: 'es2022',
})
const { TextEncoder, TextDecoder, URL: WebUrl, crypto } = globalThis
const realm = createContext({ TextEncoder, TextDecoder, URL: WebUrl, crypto })
new Script(built.outputFiles[0]?.text ?? '').runInContext(realm)

/** What the code, run over there, gives as JSON. */
function over(code: string): unknown {
  return JSON.parse(new Script(`JSON.stringify((() => { ${code} })())`).runInContext(realm) as string)
}

describe('without node: modules', () => {
  it('values are written and read', () => {
    const round = `const codec = store.structuredCodec()
      const value = codec.decode(codec.encode({ a: 'é', at: new Date(5), n: [-1n, undefined], body: new Uint8Array([1, 2]) }))
      return [value.a, value.at.getTime(), String(value.n[0]), value.n.length, value.body instanceof Uint8Array, value.body.length]`
    expect(over(round)).toEqual(['é', 5, '-1', 2, true, 2])
  })

  it('a Buffer that another process wrote is an Uint8Array', () => {
    expect(over('return [...store.structuredCodec().decode(new Uint8Array([1, 7, 8]))]')).toEqual([7, 8])
  })

  it('envelopes are written and read', () => {
    const round = `const sealing = new store.Sealing(), [stamp, writeId] = [store.randomId(), store.randomId()]
      const times = { createdAt: 1, aheadFor: 2, freshFor: 2, staleFor: 3, errorFor: 4 }
      const content = { kind: 'value', ...times, stamps: stamp, tags: [], codec: 'structured', payload: new Uint8Array(3) }
      const bytes = store.encodeEnvelope({ writeId, identity: 'a', content }, sealing)
      const whole = store.decodeEnvelope(bytes, 'a', sealing).content.payload.length
      bytes[40] ^= 1
      return [whole, store.decodeEnvelope(bytes, 'a', sealing).refused]`
    expect(over(round)).toEqual([3, 'checksum'])
  })

  it.each([
    ['signing', "new store.Sealing('a key of 16 bytes or more')", 'remote.signingKey'],
    ['compression', "new store.Compression('1kb')", 'remote.compressAbove'],
  ])('%s is refused when it is asked for', (_, code, option) => {
    const caught = over(`try { ${code} } catch ({ code, option }) { return { code, option } }`)
    expect(caught).toEqual({ code: 'ERR_CACHE_CONFIG', option })
  })

  it('a compressed payload is one that cannot be read', () => {
    const code = 'try { store.unpack({ payload: new Uint8Array(9), rawLength: 9 }) } catch (e) { return e.message }'
    expect(over(code)).toBe('a compressed payload that cannot be read')
  })
})
