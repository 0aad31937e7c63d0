import { createConnection, type Socket } from 'node:net'
import { connect as connectSecurely, type ConnectionOptions } from 'node:tls'
import { storeError } from './errors.js'
import type { ServerAddress } from './server-address.js'

/** How to reach a server. */
export interface Dialing {
  readonly address: ServerAddress
  /** TLS with these options; plain TCP where it is `undefined`. */
  readonly tls: ConnectionOptions | undefined
  /** Milliseconds. */
  readonly connectTimeout: number
}

/**
 * Connects. Rejects when the server refuses or `connectTimeout` is over, and leaves no socket then.
 *
 * @param signal aborted when nobody wants the connection any more
 */
export function dial({ address, tls, connectTimeout }: Dialing, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = tls ? connectSecurely({ ...address, ...tls }) : createConnection({ ...address, noDelay: true })
    const fail = (error: Error) => {
      finish()
      socket.on('error', () => {})
      socket.destroy()
      reject(error)
    }
    const onError = (error: Error) => fail(storeError('the server cannot be reached', error))
    const onAbort = () => fail(storeError('the connection was given up'))
    const onReady = () => {
      finish()
      resolve(socket)
    }
    const timer = setTimeout(() => fail(storeError('the server cannot be reached in time')), connectTimeout)
    const finish = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      socket.off('error', onError).off('connect', onReady).off('secureConnect', onReady)
    }
    socket.once('error', onError).once(tls ? 'secureConnect' : 'connect', onReady)
    signal.addEventListener('abort', onAbort)
    socket.setNoDelay(true).setKeepAlive(true, 30_000)
  })
}
