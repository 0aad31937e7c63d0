import type { Stage } from './stage.js'
import { entriesOf, printRequest, REPORT, truth } from './stage.js'
import { heading, time } from 'example-saas/demo'
import { until } from '../until.js'

/** What one process loaded the other has; what one invalidates the other no longer serves. */
export async function coherence(stage: Stage): Promise<void> {
  heading(
    '1. One value, two processes',
    'ana@aurora asks process A, then process B. Each has a memory of its own; behind both is one Redis.',
  )
  const { a, b, ana, checklist } = stage
  const ask = async (actor: keyof Stage['ana'], api: typeof a, remark: string) => {
    const answer = await ana[actor].get(api, REPORT)
    printRequest(ana[actor], api, `GET ${REPORT}`, answer, remark)
    return answer
  }
  const loaded = await ask('aurora', a, 'nobody has it: A loads it')
  await until('the report is in Redis', async () => (await entriesOf(stage, 'aurora')) > 0)
  const shared = await ask('aurora', b, 'B never loaded it, and has it from Redis')
  const again = await ask('aurora', b, "now it is in B's own memory")
  checklist.check(
    'a value that A loaded is a hit in B, without a query',
    loaded.outcome === 'miss' && shared.outcome === 'hit' && shared.queries === 0 && shared.text === loaded.text,
  )
  checklist.check(`and from then on in B's memory: ${time(again.milliseconds)}`, again.outcome === 'hit')
  await ask('borealis', a, 'another tenant …')
  await until('the report is in Redis', async () => (await entriesOf(stage, 'borealis')) > 0)
  await ask('borealis', b, '… in both processes')
  await invalidation(stage)
}

async function invalidation(stage: Stage): Promise<void> {
  const { a, b, ana, checklist } = stage
  const written = await ana.aurora.addInvoice(a)
  const acknowledgedAt = performance.now()
  printRequest(ana.aurora, a, 'POST /invoices', written, "a write in A: invalidateTags(['invoices'])")
  const first = await ana.aurora.get(b, REPORT)
  let answer = first
  await until('B knows', async () => {
    if (answer.outcome !== 'hit') return true
    answer = await ana.aurora.get(b, REPORT)
    return false
  })
  const seenAfter = performance.now() - acknowledgedAt
  printRequest(ana.aurora, b, `GET ${REPORT}`, answer, 'B does not serve the old report any more')
  const other = await ana.borealis.get(b, REPORT)
  printRequest(ana.borealis, b, `GET ${REPORT}`, other, 'the other tenant lost nothing')
  checklist.check('Redis has the invalidation when the write is answered', written.applied === 'true')
  const question = first === answer ? 'by the first question' : 'at last'
  checklist.check(
    `B answers with the new report ${time(seenAfter)} after A's answer, ${question} (promised: within 1 s)`,
    answer.text === (await truth(stage, 'aurora')) && seenAfter < 1000,
  )
  checklist.check("another tenant's value stays", other.outcome === 'hit' && other.queries === 0)
}
