import { describe, expect, test } from 'vitest'
import { encodeCommand, RespError, RespReader, type RespValue } from './resp.js'
import { seededRandom } from '../../packages/core/src/testing/seeded-random.js'

const SEED = Number(process.env['CACHEADO_SEED'] ?? Date.now() % 2 ** 31)

/** One of each kind, and what it says. */
const FRAMES: readonly (readonly [bytes: string, value: RespValue])[] = [
  ['+OK\r\n', 'OK'],
  ['-ERR no\r\n', new RespError('ERR no')],
  [':-42\r\n', -42],
  ['$0\r\n\r\n', Buffer.alloc(0)],
  ['$6\r\n\r\n+OK\r\r\n', Buffer.from('\r\n+OK\r')],
  ['$-1\r\n', null],
  ['*-1\r\n', null],
  ['*0\r\n', []],
  ['*3\r\n:1\r\n$-1\r\n*1\r\n+x\r\n', [1, null, ['x']]],
  ['_\r\n', null],
  ['#t\r\n', true],
  ['#f\r\n', false],
  [',1.5\r\n', 1.5],
  ['(12345678901234567890\r\n', 12345678901234567890n],
  ['=7\r\ntxt:abc\r\n', Buffer.from('txt:abc')],
  ['!6\r\nERR no\r\n', Buffer.from('ERR no')],
  ['%1\r\n+key\r\n:1\r\n', ['key', 1]],
  ['~2\r\n:1\r\n:2\r\n', [1, 2]],
  ['>2\r\n+message\r\n+x\r\n', ['message', 'x']],
  ['|1\r\n+ttl\r\n:9\r\n$1\r\na\r\n', Buffer.from('a')],
]

describe('a reader of RESP', () => {
  test('reads every kind of frame', () => {
    for (const [bytes, value] of FRAMES) {
      const reader = new RespReader()
      expect(reader.push(Buffer.from(bytes))).toEqual([{ bytes: Buffer.from(bytes), value, isPush: bytes[0] === '>' }])
      expect(reader.pending).toBe(0)
    }
  })

  test(`reads the same frames wherever the stream is cut (seed ${SEED})`, () => {
    const random = seededRandom(SEED)
    for (let times = 0; times < 300; times++) {
      const frames = Array.from({ length: 20 }, () => FRAMES[Math.floor(random() * FRAMES.length)]!)
      const stream = Buffer.from(frames.map(([bytes]) => bytes).join(''))
      const reader = new RespReader()
      const values: RespValue[] = []
      const read: Buffer[] = []
      for (let at = 0; at < stream.length;) {
        const end = at + 1 + Math.floor(random() * 12)
        for (const frame of reader.push(stream.subarray(at, end))) {
          values.push(frame.value)
          read.push(frame.bytes)
        }
        at = end
      }
      expect(values).toEqual(frames.map(([, value]) => value))
      expect(Buffer.concat(read)).toEqual(stream)
    }
  })

  test('refuses what is no RESP', () => {
    for (const bytes of ['hello\r\n', '$x\r\n', '*1.5\r\n', '\0\r\n']) {
      expect(() => new RespReader().push(Buffer.from(bytes))).toThrow('no RESP')
    }
  })

  test('reads what was written as a command', () => {
    const words = ['SET', 'ключ', Buffer.from([0, 13, 10, 255])]
    const [frame] = new RespReader().push(encodeCommand(words))
    expect(frame!.value).toEqual(words.map((word) => Buffer.from(word as string)))
  })
})
