import type { Actor, Answer } from './api.js'
import type { Stage } from './stage.js'
import { count, heading } from 'example-saas/demo'
import { showsAnotherTenant, truth } from './truth.js'

const paths = ['/plans', '/me', '/reports/monthly', '/reports/monthly?year=2024']
const requests = 2_400
const connections = 24

/** A small seeded generator (mulberry32), so that a failing order of requests can be repeated. */
function randomIndex(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** `requests` requests of random people for random routes, `connections` at a time. */
async function storm(everybody: Actor[], judge: (actor: Actor, path: string, answer: Answer) => void): Promise<void> {
  const random = randomIndex(2025)
  let left = requests
  const client = async () => {
    while (left-- > 0) {
      const actor = everybody[random(everybody.length)]!
      const path = paths[random(paths.length)]!
      judge(actor, path, await actor.get(path))
    }
  }
  await Promise.all(Array.from({ length: connections }, client))
}

/** Who gets the same answer from `path`: one person, or all people of one organization. */
const audienceOf = ({ name, organization }: Actor, path: string) => `${path} of ${path === '/me' ? name : organization}`

/** Nobody sees another tenant's data, however the requests of all of them are mixed. */
export async function isolation(stage: Stage): Promise<void> {
  const { api, checklist, everybody } = stage
  heading(
    '2. Isolation',
    `${count(requests, 'request')} of ${everybody.length} people of 8 organizations in random order, ${connections} at a time; each body is compared with the database's own answer.`,
  )
  const truths = new Map<string, string>()
  for (const actor of everybody) {
    for (const path of paths) {
      if (!truths.has(audienceOf(actor, path)))
        truths.set(audienceOf(actor, path), await truth(api.billing, actor, path))
    }
  }

  const queriesBefore = api.billing.postgres.log.length
  let wrong = 0
  let foreign = 0
  let hits = 0
  await storm(everybody, (actor, path, { text, outcome }) => {
    if (text !== truths.get(audienceOf(actor, path))) wrong++
    if (showsAnotherTenant(text, actor.organization)) foreign++
    if (outcome === 'hit') hits++
  })
  const queries = api.billing.postgres.log.length - queriesBefore
  checklist.check(`${foreign} answers show anything of another organization`, foreign === 0)
  checklist.check(`${wrong} answers differ from the database's answer to that very person`, wrong === 0)
  checklist.check(
    `${((hits / requests) * 100).toFixed(1)} % were hits (a cache that keeps nothing leaks nothing, so at least 60 % are asked for)`,
    hits >= requests * 0.6,
  )
  checklist.check(`the database ran ${queries} queries for them`, queries < requests / 4)
  await impostors(stage)
}

/** Entries are warm now: nobody without the right token gets them. */
async function impostors({ api, tokens, actors, checklist }: Stage): Promise<void> {
  const { anaOfAurora, anaOfBorealis } = actors
  const [header, , signature] = anaOfAurora.token.split('.')
  const [, claimsOfBorealis] = anaOfBorealis.token.split('.')
  const expired = await tokens.issue({ sub: 'ana', org_id: 'aurora', role: 'owner' }, '-1m')
  const credentials = {
    'no token': {},
    'an expired token': { Authorization: `Bearer ${expired}` },
    'a forged token': { Authorization: `Bearer ${header}.${claimsOfBorealis}.${signature}` },
  }
  for (const [what, headers] of Object.entries(credentials)) {
    const answers = await Promise.all(['/me', '/reports/monthly'].map((path) => api.request(path, { headers })))
    checklist.check(
      `${what}: refused although the answers are cached`,
      answers.every(({ status, outcome }) => status === 401 && outcome !== 'hit'),
    )
  }
  const answer = await anaOfAurora.get('/me', {
    'X-Org-Id': 'borealis',
    'X-Organization': 'borealis',
    Cookie: 'org_id=borealis',
  })
  checklist.check(
    'headers and cookies that claim another organization change nothing',
    answer.text === (await truth(api.billing, anaOfAurora, '/me')),
  )
}
