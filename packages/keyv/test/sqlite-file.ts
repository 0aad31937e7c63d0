import { KeyvSqlite } from '@keyv/sqlite'

/** The adapter on a file: it waits for the writes of others, as a file that several processes use needs. */
export function openFile(path: string): KeyvSqlite {
  return new KeyvSqlite({ uri: `sqlite://${path}`, busyTimeout: 5000 })
}
