import { configError } from '../cache-error.js'
import { milliseconds, type Duration } from '../duration.js'
import type { ByteSize } from '../memory/byte-size.js'
import { refuseUnknown } from '../policy.js'
import type { Codec, TypeCodec } from './codec.js'
import { Compression } from './compression.js'
import { Sealing } from './sealing.js'
import { structuredCodec } from './structured-codec.js'

/** How the second tier uses its store. Every store's own options take these, too. */
export interface RemoteOptions {
  /** How values become bytes. Default: `structuredCodec()`. */
  readonly codec?: Codec | undefined
  /** How instances of classes travel, with the default codec. Default: none; such values stay in memory. */
  readonly types?: readonly TypeCodec[] | undefined
  /** Values of more bytes than this are compressed. Default: none is. Needs `node:zlib`. */
  readonly compressAbove?: ByteSize | undefined
  /**
   * Signs every value (HMAC-SHA256): who can write to the store but does not know the key cannot make one that is read. Of
   * several keys the first signs and all are accepted. At least 16 bytes each. Default: none. Needs `node:crypto`.
   */
  readonly signingKey?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
  /** How long a read may take before it counts as a miss. Default: `'100ms'`. */
  readonly readTimeout?: Duration | undefined
  /** How long a write or an invalidation may take before it counts as failed. Default: `'250ms'`. */
  readonly writeTimeout?: Duration | undefined
  /** Failures in a row, slowness included, after which the store is left alone. Default: 5. */
  readonly breakerFailures?: number | undefined
  /** How long it is then left alone before one operation tries again. Default: `'2s'`. */
  readonly breakerPause?: Duration | undefined
  /** Writes under way at once; those beyond are dropped and counted. Default: 1,000. */
  readonly maxPendingWrites?: number | undefined
  /** Invalidations that wait for a store that is down. Where there are more, everything is invalidated instead. Default: 10,000. */
  readonly maxQueuedInvalidations?: number | undefined
}

/** {@link RemoteOptions} with every default filled in. */
export interface RemoteSettings {
  readonly codec: Codec
  readonly compression: Compression
  readonly sealing: Sealing
  readonly readTimeout: number
  readonly writeTimeout: number
  readonly breakerFailures: number
  readonly breakerPause: number
  readonly maxPendingWrites: number
  readonly maxQueuedInvalidations: number
}

/** The names of the options. */
const REMOTE_OPTIONS: readonly (keyof RemoteOptions)[] = [
  'codec',
  'types',
  'compressAbove',
  'signingKey',
  'readTimeout',
  'writeTimeout',
  'breakerFailures',
  'breakerPause',
  'maxPendingWrites',
  'maxQueuedInvalidations',
]

/** Options of a store's package, parted: what is about the second tier, and what is about that store. */
export function splitRemoteOptions<O extends RemoteOptions>(
  options: O,
): { readonly remote: RemoteOptions; readonly own: Omit<O, keyof RemoteOptions> } {
  const isRemote = ([name]: [string, unknown]) => (REMOTE_OPTIONS as readonly string[]).includes(name)
  const all = Object.entries(options ?? {})
  return {
    remote: Object.fromEntries(all.filter(isRemote)),
    own: Object.fromEntries(all.filter((option) => !isRemote(option))) as Omit<O, keyof RemoteOptions>,
  }
}

const CODEC_NAME = /^[A-Za-z0-9-]{1,32}$/

/**
 * The options, checked.
 *
 * @throws CacheError `ERR_CACHE_CONFIG`
 */
export function remoteSettings(options: RemoteOptions): RemoteSettings {
  refuseUnknown(options, REMOTE_OPTIONS, 'remote')
  const { codec, types } = options
  if (codec !== undefined && types !== undefined)
    throw configError('remote.types', 'nothing beside a codec of your own')
  if (codec !== undefined && !isCodec(codec))
    throw configError('remote.codec', 'an object with name, encode() and decode()')
  return {
    codec: codec ?? structuredCodec(types === undefined ? {} : { types }),
    compression: new Compression(options.compressAbove),
    sealing: new Sealing(options.signingKey),
    readTimeout: time(options.readTimeout, 'readTimeout', 100),
    writeTimeout: time(options.writeTimeout, 'writeTimeout', 250),
    breakerFailures: count(options.breakerFailures, 'breakerFailures', 5),
    breakerPause: time(options.breakerPause, 'breakerPause', 2000),
    maxPendingWrites: count(options.maxPendingWrites, 'maxPendingWrites', 1000),
    maxQueuedInvalidations: count(options.maxQueuedInvalidations, 'maxQueuedInvalidations', 10_000),
  }
}

function isCodec(codec: Codec): boolean {
  const complete = typeof codec?.encode === 'function' && typeof codec.decode === 'function'
  return complete && CODEC_NAME.test(codec.name)
}

function time(value: Duration | undefined, option: string, otherwise: number): number {
  if (value === undefined) return otherwise
  const ms = milliseconds(value, `remote.${option}`)
  if (ms < 1) throw configError(`remote.${option}`, 'at least a millisecond')
  return ms
}

function count(value: number | undefined, option: string, otherwise: number): number {
  if (value === undefined) return otherwise
  if (!Number.isSafeInteger(value) || value < 1) throw configError(`remote.${option}`, 'a whole number of one or more')
  return value
}
