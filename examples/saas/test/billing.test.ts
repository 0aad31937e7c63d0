import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPassword, openBilling, organizations, people } from '../src/index.js'
import type { Billing } from '../src/index.js'

let billing: Billing
beforeAll(async () => void (billing = await openBilling({ invoices: 5_000 })), 60_000)
afterAll(() => billing.close())

const checksum = async (of: Billing) =>
  (
    await of.postgres.query<{ sum: string }>(
      'checksum',
      `select md5(string_agg(i::text, '|' order by id)) as sum from invoices i`,
    )
  )[0]!.sum

test('the same number of invoices gives the same rows in every database', async () => {
  const other = await openBilling({ invoices: 5_000 })
  expect(await checksum(other)).toBe(await checksum(billing))
  await other.close()
}, 60_000)

test('every person of every organization has invoices, and customers of their own organization only', async () => {
  const groups = await billing.postgres.query<{ organization: string; mark: string }>(
    'groups',
    'select organization_id as organization, substring(customer from 10 for 3) as mark from invoices group by organization_id, user_id, 2',
  )
  expect(groups).toHaveLength(organizations.length * people.length)
  for (const { organization, mark } of groups) expect(mark).toBe(organization.slice(0, 3).toUpperCase())
})

test('the monthly reports of all organizations add up to all invoices', async () => {
  let counted = 0
  for (const { id } of organizations) {
    for (const year of [2024, 2025]) {
      const { organization, months } = await billing.monthlyReport(id, year)
      expect(organization).toBe(id)
      expect(months).toHaveLength(12)
      for (const month of months) counted += month.invoices
    }
  }
  expect(counted).toBe(5_000)
})

test('two people with the same id in different organizations have different dashboards', async () => {
  const [aurora, borealis] = await Promise.all([
    billing.dashboard('aurora', 'ana'),
    billing.dashboard('borealis', 'ana'),
  ])
  expect(aurora).toMatchObject({ organization: 'Aurora Coffee', email: 'ana@aurora.example' })
  expect(borealis).toMatchObject({ organization: 'Borealis Books', email: 'ana@borealis.example' })
  expect(aurora.latest).toHaveLength(5)
})

test('a new invoice is in the dashboard, the report and the log', async () => {
  const invoice = { customer: 'Customer DUN-1', issuedOn: '2025-12-31', currency: 'EUR', amountCents: 12_300 }
  const before = await billing.dashboard('dune', 'ben')
  const queries = billing.postgres.log.length
  const added = await billing.addInvoice('dune', 'ben', invoice)
  expect(billing.postgres.log.slice(queries)).toEqual([{ name: 'add invoice', milliseconds: expect.any(Number) }])
  const after = await billing.dashboard('dune', 'ben')
  expect(after.latest[0]).toEqual(added)
  expect(after.openEuros - before.openEuros).toBeCloseTo(123)
  expect(await billing.dashboard('ember', 'ben')).not.toMatchObject({ latest: [{ id: added.id }] })
})

test('a login needs organization, user and password of one person', async () => {
  expect(await billing.authenticate('aurora', 'ana', demoPassword)).toEqual({
    sub: 'ana',
    org_id: 'aurora',
    role: 'owner',
  })
  expect(await billing.authenticate('aurora', 'ana', 'wrong')).toBeUndefined()
  expect(await billing.authenticate('nowhere', 'ana', demoPassword)).toBeUndefined()
})

test('a refused statement rejects with the reason, and the next one works', async () => {
  await expect(billing.postgres.query('broken', 'select * from nothing')).rejects.toThrow(
    'relation "nothing" does not exist',
  )
  expect(await billing.plans()).toHaveLength(3)
})

test('a closed database rejects', async () => {
  const other = await openBilling({ invoices: 10 })
  await other.close()
  await expect(other.plans()).rejects.toThrow('closed')
}, 60_000)
