import type { NewInvoice } from './billing.js'

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0 && value.length <= 200

/** The body of `POST /login`, or `undefined` if it is none. */
export function readLogin(body: unknown): { organization: string; user: string; password: string } | undefined {
  if (!isRecord(body)) return undefined
  const { organization, user, password } = body
  return isText(organization) && isText(user) && isText(password) ? { organization, user, password } : undefined
}

/** The body of `POST /invoices`, or `undefined` if it is none. */
export function readInvoice(body: unknown): NewInvoice | undefined {
  if (!isRecord(body)) return undefined
  const { customer, issuedOn, currency, amountCents } = body
  if (
    !isText(customer) ||
    !isText(issuedOn) ||
    !/^20\d\d-\d\d-\d\d$/.test(issuedOn) ||
    Number.isNaN(Date.parse(issuedOn))
  )
    return undefined
  if (currency !== 'EUR' && currency !== 'USD' && currency !== 'GBP') return undefined
  if (!Number.isInteger(amountCents) || Number(amountCents) <= 0 || Number(amountCents) > 2_000_000_000)
    return undefined
  return { customer, issuedOn, currency, amountCents: Number(amountCents) }
}

/** The year of `GET /reports/monthly?year=`; 2025, the last one with data, if there is none. */
export function readYear(text: unknown): number {
  return typeof text === 'string' && /^20\d\d$/.test(text) ? Number(text) : 2025
}
