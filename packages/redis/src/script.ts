import { createHash } from 'node:crypto'
import { isReplyError } from './errors.js'
import type { Argument, Send } from './link.js'

/** A Lua script, which the server is told in full only where it does not know it yet. */
export class Script {
  readonly #source: string
  readonly #digest: string

  constructor(source: string) {
    this.#source = source
    this.#digest = createHash('sha1').update(source).digest('hex')
  }

  /** Runs it on the node of the keys, which share a slot. */
  async run(send: Send, keys: readonly [string, ...string[]], args: readonly Argument[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args]
    try {
      return await send(keys[0], ['EVALSHA', this.#digest, ...rest])
    } catch (error) {
      if (!isReplyError(error, 'NOSCRIPT')) throw error
      return send(keys[0], ['EVAL', this.#source, ...rest])
    }
  }
}

/**
 * KEYS: one. ARGV: value, milliseconds. Gives nothing where it wrote, else what is there. What is no string is nobody's entry.
 * A script, since `SET NX` and `GET` one after the other could see the value expire, or the slot move, between them.
 */
export const CREATE = new Script(`
if redis.call('TYPE', KEYS[1]).ok == 'string' then return redis.call('GET', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false`)

/** KEYS: one. ARGV: value, milliseconds, and the beginning that was seen, where something was. Gives 1 where it wrote. */
export const REPLACE = new Script(`
local isThere = redis.call('TYPE', KEYS[1]).ok == 'string'
local seen = ARGV[3]
if isThere ~= (seen ~= nil) then return 0 end
if seen and string.sub(redis.call('GETRANGE', KEYS[1], 0, #seen - 1), 1, #seen) ~= seen then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`)

/**
 * KEYS: those to write. ARGV: value and milliseconds of each, then channel and message, where there is one. For a Cluster,
 * where a redirected command is late: as one command, the writes and their message move together.
 */
export const SET_AND_PUBLISH = new Script(`
for at, key in ipairs(KEYS) do redis.call('SET', key, ARGV[2 * at - 1], 'PX', ARGV[2 * at]) end
if #ARGV > 2 * #KEYS then redis.call('PUBLISH', ARGV[#ARGV - 1], ARGV[#ARGV]) end
return #KEYS`)

/** KEYS: the channel, so that all messages go by way of one node and stay in order. ARGV: the message. */
export const PUBLISH = new Script(`return redis.call('PUBLISH', KEYS[1], ARGV[1])`)
