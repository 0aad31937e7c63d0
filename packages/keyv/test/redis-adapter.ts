import KeyvRedis from '@keyv/redis'

/** The official adapter for Redis, one that says when it fails. */
export function redisAdapter(url: string): KeyvRedis<string> {
  return new KeyvRedis<string>(url, { throwOnErrors: true, throwOnConnectError: true, noNamespaceAffectsAll: false })
}
