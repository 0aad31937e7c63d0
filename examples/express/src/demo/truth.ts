import { organizations } from 'example-saas'
import type { Billing } from 'example-saas'
import type { Actor } from './api.js'

/** What `path` has to answer to `actor`, asked from the database directly, with no cache in between. */
export async function truth(billing: Billing, { organization, user }: Actor, path: string): Promise<string> {
  const { pathname, searchParams } = new URL(path, 'http://localhost')
  switch (pathname) {
    case '/plans':
      return JSON.stringify(await billing.plans())
    case '/me':
      return JSON.stringify(await billing.dashboard(organization, user))
    case '/reports/monthly':
      return JSON.stringify(await billing.monthlyReport(organization, Number(searchParams.get('year') ?? 2025)))
    case '/customers/top':
      return JSON.stringify(await billing.topCustomers(organization, 5))
    default:
      throw new Error(`The demo knows no truth about ${path}`)
  }
}

/** Whether a text shows anything that only another organization's people may see. */
export const showsAnotherTenant = (text: string, organization: string): boolean =>
  organizations.some(
    ({ id, name }) =>
      id !== organization &&
      [name, `@${id}.example`, `"${id}"`, `Customer ${id.slice(0, 3).toUpperCase()}-`].some((mark) =>
        text.includes(mark),
      ),
  )
