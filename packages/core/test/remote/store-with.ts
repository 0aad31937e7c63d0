import type { Store } from '@cacheado/core/store'

/** A store, some of whose operations are others. */
export function storeWith(store: Store, changes: Partial<Store>): Store {
  return {
    name: store.name,
    bus: store.bus!,
    getMany: (keys) => store.getMany(keys),
    set: (items, message) => store.set(items, message),
    create: (item) => store.create(item),
    replace: (item, seen) => store.replace(item, seen),
    delete: (keys) => store.delete(keys),
    close: () => store.close(),
    ...changes,
  }
}
