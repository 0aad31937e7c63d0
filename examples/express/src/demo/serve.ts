import type { Server } from 'node:http'
import type { Stage } from './stage.js'
import { outcomeOf } from './api.js'
import { bold, dim, heading, time, print } from 'example-saas/demo'

/** Prints commands to try, then a line for each request and each query while the server stays up. */
export function serve(server: Server, { api, actors }: Stage): void {
  const { anaOfAurora, benOfAurora, anaOfBorealis } = actors
  heading('Your turn', 'The cache is empty again. Repeat a line to see it hit; Ctrl+C ends the server.')
  for (const [variable, { token }] of Object.entries({ ANA: anaOfAurora, BEN: benOfAurora, OTHER: anaOfBorealis })) {
    print(`${variable}=${token}`)
  }
  const lines = [
    ['everybody shares', '', '/plans'],
    ['ana@aurora, her own page', 'ANA', '/me'],
    ['ana@aurora, the report', 'ANA', '/reports/monthly'],
    ['ben@aurora, a colleague: a hit', 'BEN', '/reports/monthly'],
    ['ana@borealis, another organization: a miss', 'OTHER', '/reports/monthly'],
    ['what the cache did for aurora', 'ANA', '/stats'],
  ] as const
  for (const [what, variable, path] of lines) {
    print(`\n${dim(`# ${what}`)}`)
    print(`curl -si ${variable ? `-H "Authorization: Bearer $${variable}" ` : ''}${api.url}${path}`)
  }
  print(`\n${dim('# ben@aurora adds an invoice: aurora is loaded anew, borealis stays warm')}`)
  print(
    `curl -si -H "Authorization: Bearer $BEN" -H 'Content-Type: application/json' -d '{"customer":"Customer AUR-1","issuedOn":"2025-12-31","currency":"EUR","amountCents":4200}' ${api.url}/invoices\n`,
  )

  server.prependListener('request', (req, res) => {
    const { log } = api.billing.postgres
    const logged = log.length
    const startedAt = performance.now()
    res.once('finish', () => {
      const queries = log.slice(logged).map(({ name, milliseconds }) => `${name} ${time(milliseconds)}`)
      const outcome = outcomeOf(String(res.getHeader('cache-status') ?? ''))
      print(
        `${bold(`${req.method} ${req.url}`)}  ${res.statusCode}  cache: ${outcome}  database: ${queries.join(', ') || 'nothing'}  ${time(performance.now() - startedAt)}`,
      )
    })
  })
}
