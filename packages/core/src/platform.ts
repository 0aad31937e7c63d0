import type { AsyncLocalStorage } from 'node:async_hooks'

/**
 * A built-in module of Node, Bun or Deno, or `undefined` where the platform has none: a Worker without Node
 * compatibility still has to start, so nothing here is imported at the top of a module.
 */
export function builtin<T>(name: string): T | undefined {
  if (typeof process !== 'object' || typeof process.getBuiltinModule !== 'function') return undefined
  return process.getBuiltinModule(name) as T | undefined
}

/** Whether the application runs in production: development aids cost time there and are off. */
export function isProduction(): boolean {
  return typeof process === 'object' && process.env?.['NODE_ENV'] === 'production'
}

/** The class behind ambient context, where the platform has one. */
export function asyncLocalStorage(): typeof AsyncLocalStorage | undefined {
  return builtin<typeof import('node:async_hooks')>('node:async_hooks')?.AsyncLocalStorage
}
