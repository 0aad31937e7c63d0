import type { MonthlyReport } from 'example-saas'
import type { Answer } from './api.js'
import { requestTable } from './first-requests.js'
import type { Stage } from './stage.js'
import { heading } from 'example-saas/demo'
import { truth } from './truth.js'

const invoicesIn = ({ text }: Answer) =>
  (JSON.parse(text) as MonthlyReport).months.reduce((sum, month) => sum + month.invoices, 0)

/** A write in one organization: its people see it at once, everybody else's answers stay warm. */
export async function invalidation({ api, actors, checklist }: Stage): Promise<void> {
  heading(
    '4. Invalidation',
    "ben@aurora adds an invoice. The route says invalidateTags(['invoices']) for his organization, and nothing more.",
  )
  const { anaOfAurora, benOfAurora, anaOfBorealis } = actors
  const script = [
    [anaOfAurora, '/reports/monthly', 'miss', 'the report of his organization'],
    [benOfAurora, '/me', 'miss', 'his own page'],
    [anaOfAurora, '/me', 'miss', "a tag reaches down: his colleagues' pages"],
    [benOfAurora, '/reports/monthly', 'hit', 'loaded once for all of them'],
    [anaOfBorealis, '/reports/monthly', 'hit', 'another organization: still warm'],
    [anaOfBorealis, '/me', 'hit', 'its people: still warm'],
    [benOfAurora, '/plans', 'hit', 'not made of invoices: still warm'],
  ] as const
  // However long the scenes before took: all of it is warm when the write comes.
  for (const [actor, path] of script) await actor.get(path)
  const before = await anaOfAurora.get('/reports/monthly')

  const row = requestTable()
  const invoice = { customer: 'Customer AUR-1', issuedOn: '2025-12-31', currency: 'EUR', amountCents: 99_900 }
  const written = await benOfAurora.post('/invoices', invoice)
  row(benOfAurora.name, 'POST /invoices', written, 'the write')

  let asExpected = 0
  let correct = 0
  for (const [actor, path, outcome, remark] of script) {
    const answer = await actor.get(path)
    row(actor.name, `GET ${path}`, answer, remark)
    if (answer.outcome === outcome && (answer.queries.length === 0) === (outcome === 'hit')) asExpected++
    if (answer.text === (await truth(api.billing, actor, path))) correct++
  }
  const after = await benOfAurora.get('/reports/monthly')
  checklist.check('the invoice is stored', written.status === 201)
  checklist.check(
    `aurora's answers were loaded anew, nobody else's (${asExpected} of ${script.length} as expected)`,
    asExpected === script.length,
  )
  checklist.check(
    `the report counts one invoice more: ${invoicesIn(before)} → ${invoicesIn(after)}`,
    invoicesIn(after) === invoicesIn(before) + 1,
  )
  checklist.check(`${correct} of ${script.length} bodies equal what the database says now`, correct === script.length)
}
