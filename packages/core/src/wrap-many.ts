import { configError } from './cache-error.js'
import type { InvalidationResult } from './invalidation.js'
import type { Key } from './key-text.js'
import { Namespace } from './namespace.js'
import type { NamespaceState } from './namespace-state.js'
import { CallSite, type WrapOptions } from './wrap.js'

/** Options of `wrapMany`: those of `wrap`, where `key` is a function of one item. */
export interface WrapManyOptions<I, R> extends Omit<WrapOptions<readonly [I], R>, 'identity'> {}

/** A wrapped batch function: items in, values in their order out; the function sees only the items that are missing. */
export interface WrappedManyFunction<I, R> {
  (items: readonly I[]): Promise<R[]>
  /** Deletes the results of these items in the caller's scope; how many were there. */
  delete(items: readonly I[]): Promise<number>
  /** Invalidates all results of the function, in all scopes. */
  invalidate(): Promise<InvalidationResult>
  /** The function's namespace. */
  readonly namespace: Namespace
}

/** A batch function whose results are kept item by item in the caller's scope. */
export function wrapManyFunction<I, R>(
  fn: (items: readonly I[]) => Promise<readonly R[]> | readonly R[],
  state: NamespaceState,
  options: WrapManyOptions<I, R>,
): WrappedManyFunction<I, R> {
  if ('identity' in options)
    throw configError(`wrap(${options.name}).identity`, 'nothing: a batch takes its scope from the context')
  const site = new CallSite<readonly [I], R>(state, options)
  const namespace = new Namespace(options.name, state)
  const call = async (items: readonly I[]): Promise<R[]> => {
    const scope = site.scope([] as unknown as readonly [I])
    if (scope === undefined) return [...(await fn(items))]
    const keys = items.map((item) => site.key([item]))
    const byKey = new Map<Key, I>(keys.map((key, at) => [key, items[at] as I]))
    return scope.getOrSetMany<R, Key>(keys, (missing) => fn(missing.map((key) => byKey.get(key) as I)))
  }
  return Object.assign(call, {
    namespace,
    invalidate: () => namespace.invalidate(),
    delete: async (items: readonly I[]) =>
      site.requiredScope([] as unknown as readonly [I]).deleteMany(items.map((item) => site.key([item]))),
  })
}
