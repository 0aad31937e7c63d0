import { passwordMatches } from './passwords.js'
import { Postgres } from './postgres.js'
import { seed } from './seed.js'
import type { Claims } from './tokens.js'

export interface Plan {
  id: string
  name: string
  monthlyEuros: number
  seats: number
}

export interface Invoice {
  id: number
  customer: string
  issuedOn: string
  currency: string
  amountCents: number
}

export type NewInvoice = Omit<Invoice, 'id'>

export interface Dashboard {
  organization: string
  user: string
  email: string
  openInvoices: number
  openEuros: number
  latest: Invoice[]
}

export interface MonthlyReport {
  organization: string
  months: {
    month: string
    invoices: number
    customers: number
    euros: number
    paidPercent: number
    medianDaysToPay: number | null
  }[]
}

export interface TopCustomer {
  customer: string
  invoices: number
  euros: number
}

/** The queries of the billing product. Each method goes to the database every time it is called: nothing is cached here. */
export class Billing {
  constructor(readonly postgres: Postgres) {}

  /** The claims for a person's token, or `undefined` unless organization, user and password belong together. */
  async authenticate(organization: string, user: string, password: string): Promise<Claims | undefined> {
    const [found] = await this.postgres.query<{ role: string; password_hash: string }>(
      'login',
      'select role, password_hash from users where organization_id = $1 and id = $2',
      [organization, user],
    )
    if (!found || !(await passwordMatches(password, found.password_hash))) return undefined
    return { sub: user, org_id: organization, role: found.role }
  }

  /** The price list: the same for everybody. */
  plans(): Promise<Plan[]> {
    return this.postgres.query(
      'plans',
      'select id, name, monthly_euros as "monthlyEuros", seats from plans order by monthly_euros',
    )
  }

  /** One person's own page: what they still have to collect, and their latest invoices. */
  async dashboard(organization: string, user: string): Promise<Dashboard> {
    const [totals] = await this.postgres.query<Omit<Dashboard, 'latest'>>(
      'dashboard totals',
      `select organizations.name as organization, users.name as user, email,
              count(invoices.id)::int as "openInvoices", coalesce(round(sum(amount_cents * euros) / 100, 2), 0)::float as "openEuros"
       from users
       join organizations on organizations.id = users.organization_id
       left join invoices on invoices.organization_id = users.organization_id and user_id = users.id and paid_on is null
       left join rates using (currency)
       where users.organization_id = $1 and users.id = $2
       group by organizations.name, users.name, email`,
      [organization, user],
    )
    if (!totals) throw new Error('No such user')
    const latest = await this.postgres.query<Invoice>(
      'latest invoices',
      `select id, customer, issued_on::text as "issuedOn", currency, amount_cents as "amountCents"
       from invoices where organization_id = $1 and user_id = $2 order by issued_on desc, id desc limit 5`,
      [organization, user],
    )
    return { ...totals, latest }
  }

  /** What an organization billed in each month of `year`: tens of milliseconds of grouping and sorting. */
  async monthlyReport(organization: string, year: number): Promise<MonthlyReport> {
    const months = await this.postgres.query<MonthlyReport['months'][number]>(
      'monthly report',
      `select to_char(date_trunc('month', issued_on), 'YYYY-MM') as month, count(*)::int as invoices,
              count(distinct customer)::int as customers, round(sum(amount_cents * euros) / 100, 2)::float as euros,
              round(100.0 * count(paid_on) / count(*), 1)::float as "paidPercent",
              percentile_cont(0.5) within group (order by paid_on - issued_on) as "medianDaysToPay"
       from invoices join rates using (currency)
       where organization_id = $1 and issued_on >= make_date($2, 1, 1) and issued_on < make_date($2 + 1, 1, 1)
       group by 1 order by 1`,
      [organization, year],
    )
    return { organization, months }
  }

  /** The customers who bring an organization the most. */
  topCustomers(organization: string, limit: number): Promise<TopCustomer[]> {
    return this.postgres.query(
      'top customers',
      `select customer, count(*)::int as invoices, round(sum(amount_cents * euros) / 100, 2)::float as euros
       from invoices join rates using (currency)
       where organization_id = $1 group by customer order by sum(amount_cents * euros) desc, customer limit $2`,
      [organization, limit],
    )
  }

  async addInvoice(organization: string, user: string, invoice: NewInvoice): Promise<Invoice> {
    const { customer, issuedOn, currency, amountCents } = invoice
    const rows = await this.postgres.query<{ id: number }>(
      'add invoice',
      `insert into invoices (organization_id, user_id, customer, issued_on, currency, amount_cents)
       values ($1, $2, $3, $4, $5, $6) returning id`,
      [organization, user, customer, issuedOn, currency, amountCents],
    )
    return { id: rows[0]!.id, ...invoice }
  }

  close(): Promise<void> {
    return this.postgres.close()
  }
}

/** A seeded database and its queries. Takes about five seconds with the default of 240,000 invoices. */
export async function openBilling(options: { invoices?: number } = {}): Promise<Billing> {
  const postgres = new Postgres()
  await seed(postgres, options.invoices ?? 240_000)
  return new Billing(postgres)
}
