/** What a server says where it does not do what it was asked. */
export const ERROR_REPLIES = {
  LOADING: 'LOADING Redis is loading the dataset in memory',
  READONLY: "READONLY You can't write against a read only replica.",
  OOM: "OOM command not allowed when used memory > 'maxmemory'.",
  MISCONF: 'MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk.',
  NOAUTH: 'NOAUTH Authentication required.',
  NOPERM: 'NOPERM this user has no permissions to run this command',
  BUSY: 'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
  CLUSTERDOWN: 'CLUSTERDOWN The cluster is down',
  TRYAGAIN: 'TRYAGAIN Multiple keys request during rehashing of slot',
  NOSCRIPT: 'NOSCRIPT No matching script. Please use EVAL.',
  WRONGTYPE: 'WRONGTYPE Operation against a key holding the wrong kind of value',
  EXECABORT: 'EXECABORT Transaction discarded because of previous errors.',
  MAXCLIENTS: 'ERR max number of clients reached',
} as const

/** The errors that a proxy can answer with. */
export type ErrorReply = keyof typeof ERROR_REPLIES

/**
 * What becomes of one reply.
 *
 * - `drop`: it never comes, so that later ones are taken for it
 * - `duplicate`: it comes twice
 * - `insert`: another one comes before it, so that all later ones are shifted by one
 * - `swap`: it comes after the next one
 * - `truncate`: half of it, then FIN
 * - `garbage`: bytes that are no RESP come instead
 * - `reset`: half of it, then RST
 */
export type ReplyFault = 'drop' | 'duplicate' | 'insert' | 'swap' | 'truncate' | 'garbage' | 'reset'

/** What lasts until there are other rules. */
export interface ProxyRules {
  /** Milliseconds that each reply and message takes longer; their order stays. */
  readonly delay?: number
  /** Up to so many milliseconds on top, by chance. */
  readonly jitter?: number
  /** Bytes of one write: 1 sends each byte by itself. The middle of what is longer than 1,000 such writes comes at once. */
  readonly fragment?: number
  /** Commands that are not done and get an error instead. `'*'` means all but those with which clients begin. */
  readonly errors?: { readonly [command in string]?: ErrorReply }
  /** What becomes of every reply to these commands. `'*'` means all. */
  readonly replies?: { readonly [command in string]?: ReplyFault }
  /** Parts, from 0 to 1, of the messages of pub/sub and of the pushes of RESP3 that are lost, come twice, or after the next. */
  readonly messages?: { readonly drop?: number; readonly duplicate?: number; readonly reorder?: number }
  /**
   * Nothing comes and nothing goes, and nobody is told: no FIN, no RST. A connection that this has swallowed a byte of stays
   * dead for ever, as one whose other side has vanished; one that is accepted meanwhile is dead too.
   */
  readonly blackHole?: boolean
  /** New connections get this error and are ended. */
  readonly greeting?: ErrorReply
}

/** Half-way between both ends, a connection as rules see it. */
export interface ConnectionView {
  /** From 1 on, in the order in which they were accepted. */
  readonly id: number
  /** The names of the commands so far, in capitals. */
  readonly commands: ReadonlySet<string>
  /** Whether it has subscribed to anything. */
  readonly isSubscriber: boolean
}

/** A server does these while it loads, and before it is told a password. */
const BEGINNING = new Set(['HELLO', 'AUTH', 'CLIENT', 'SELECT', 'COMMAND', 'INFO'])

/** The error that the rules have for a command. */
export function errorFor({ errors }: ProxyRules, command: string): string | undefined {
  const error = errors?.[command] ?? (BEGINNING.has(command) ? undefined : errors?.['*'])
  return error && ERROR_REPLIES[error]
}

/** The fault that the rules have for the reply to a command. */
export function faultFor({ replies }: ProxyRules, command: string): ReplyFault | undefined {
  return replies?.[command] ?? replies?.['*']
}
