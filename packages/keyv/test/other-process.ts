// The other process of two-processes.test.ts: does what it is told with a store on the same server.
import { createKeyvStore } from '../src/create-keyv-store.js'
import { redisAdapter } from './redis-adapter.js'
import type { Order } from './two-processes.test.js'

const store = createKeyvStore({ store: redisAdapter(process.argv[2] as string), timeout: '10s' })

const perform: { [K in Order['does']]: (order: Extract<Order, { does: K }>) => Promise<unknown> } = {
  set: ({ items }) => store.set(items),
  getMany: ({ keys }) => store.getMany(keys),
  create: ({ item }) => store.create(item),
  delete: ({ keys }) => store.delete(keys),
}

process.on('message', (order: Order) => {
  const performed = (perform[order.does] as (order: Order) => Promise<unknown>)(order)
  performed.then(
    (result) => process.send?.({ id: order.id, result }),
    (error: Error) => process.send?.({ id: order.id, failure: error.message }),
  )
})
process.send?.({ id: 0 })
