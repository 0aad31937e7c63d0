import type { ChildProcess } from 'node:child_process'
import type { Billing } from 'example-saas'

const QUERIES = ['authenticate', 'plans', 'dashboard', 'monthlyReport', 'topCustomers', 'addInvoice'] as const

type QueryName = (typeof QUERIES)[number]

/** What the API asks the database. */
export type BillingQueries = Pick<Billing, QueryName>

interface Query {
  readonly id: number
  readonly name: QueryName
  readonly args: readonly unknown[]
}

type Reply =
  | { readonly id: number; readonly result: unknown; readonly error?: never }
  | { readonly id: number; readonly error: string }

/**
 * Lets a child process ask this process's database: PostgreSQL is embedded here, and two API processes need the same one. In
 * a real deployment each of them connects to it.
 */
export function serveBilling(billing: Billing, child: ChildProcess): void {
  child.on('message', (message: Partial<Query>) => {
    const { id, name, args } = message
    if (id === undefined || name === undefined || args === undefined) return
    const reply = (answer: Reply) => void (child.connected && child.send(answer))
    const query = billing[name] as (...args: readonly unknown[]) => Promise<unknown>
    query.apply(billing, args as unknown[]).then(
      (result) => reply({ id, result }),
      (error: Error) => reply({ id, error: error.message }),
    )
  })
}

interface Waiting {
  resolve(result: unknown): void
  reject(error: Error): void
}

/** The database of the process that started this one. */
export function billingOfParent(): BillingQueries {
  const waiting = new Map<number, Waiting>()
  let lastId = 0
  process.on('message', (reply: Reply) => {
    const asked = waiting.get(reply.id)
    waiting.delete(reply.id)
    if (reply.error === undefined) asked?.resolve(reply.result)
    else asked?.reject(new Error(reply.error))
  })
  const ask =
    (name: QueryName) =>
    (...args: readonly unknown[]) =>
      new Promise((resolve, reject) => {
        waiting.set(++lastId, { resolve, reject })
        process.send?.({ id: lastId, name, args } satisfies Query)
      })
  return Object.fromEntries(QUERIES.map((name) => [name, ask(name)])) as unknown as BillingQueries
}
