import type { RedisServer } from './redis-server.js'

/** A slot on its way from one master to another. */
export interface SlotMigration {
  readonly slot: number
  readonly from: RedisServer
  readonly to: RedisServer
  /** Moves keys that are there now, at most `limit` of them. Resolves to how many. */
  moveKeys(limit?: number): Promise<number>
  /** Moves what is left and gives the slot to its new master: from now on clients get MOVED from the old one. */
  finish(): Promise<void>
}

interface Plan {
  readonly slot: number
  readonly from: RedisServer
  readonly to: RedisServer
  /** All of them are told at the end, so that no client waits for gossip. */
  readonly masters: readonly RedisServer[]
}

/** Begins to move a slot: its old master answers ASK for keys that are gone, and TRYAGAIN for some commands on several. */
export async function startMigration({ slot, from, to, masters }: Plan): Promise<SlotMigration> {
  const [fromId, toId] = await Promise.all(
    [from, to].map(async (server) => String(await server.call('CLUSTER', 'MYID'))),
  )
  await to.call('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', fromId!)
  await from.call('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', toId!)

  async function moveKeys(limit = 1000): Promise<number> {
    const keys = (await from.call('CLUSTER', 'GETKEYSINSLOT', String(slot), String(limit))) as readonly Buffer[]
    if (keys.length > 0) await from.call('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'KEYS', ...keys)
    return keys.length
  }

  async function finish(): Promise<void> {
    while ((await moveKeys()) > 0);
    // The new owner first: a client that is sent to it must not be sent back.
    for (const server of [to, ...masters.filter((master) => master !== to)]) {
      await server.call('CLUSTER', 'SETSLOT', String(slot), 'NODE', toId!)
    }
  }

  return { slot, from, to, moveKeys, finish }
}
