const rows = Array.from({ length: 23 }, (_, at) => ({
  id: `inv_${String(at).padStart(6, '0')}`,
  customer: `Customer ${at}`,
  currency: 'EUR',
  cents: 1000 + at * 37,
  paid: at % 3 === 0,
}))

/** What every handler answers with: about 2 KB of JSON, made anew by each run as a real handler does. */
export function report() {
  return { organization: 'org_000042', rows }
}

/** Who asks, in every server and in front of everything else: what an application's authentication leaves behind. */
export const CALLER = { sub: 'user_000007', org_id: 'org_000042' }
