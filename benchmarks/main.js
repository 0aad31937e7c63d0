// npm run bench [-- core|http|remote|coherence] [--quick]: measures, prints, and writes benchmarks/results/<set>.json.
import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { benchCore } from './core/main.js'
import { benchHttp } from './http/main.js'
import { benchCoherence } from './redis/coherence.js'
import { benchRemote } from './remote/main.js'
import { remoteTable } from './remote/print.js'
import { environment, versions } from './report/environment.js'
import { barTable, duration, short, table } from './report/table.js'

const SETS = {
  core: {
    packages: ['lru-cache', 'bentocache', 'cacheable', 'cache-manager', 'keyv'],
    run: (quick) => benchCore({ quick, onRow: printRow }),
  },
  http: {
    packages: [
      'express',
      'apicache',
      '@nestjs/core',
      '@nestjs/cache-manager',
      'hono',
      '@hono/node-server',
      'autocannon',
    ],
    run: (quick) => benchHttp({ quick, onFramework: printFramework }),
  },
  remote: {
    packages: ['@redis/client', 'bentocache', 'ioredis', 'cacheable', 'cache-manager', 'keyv', '@keyv/redis'],
    run: (quick) => benchRemote({ quick, onCase: (name, result) => console.log(`\n${remoteTable(name, result)}`) }),
  },
  // What docs/decisions rests on, not what is promised: run only where it is asked for.
  coherence: {
    packages: ['@redis/client'],
    run: (quick) => benchCoherence({ quick, onRows: (text) => console.log(`\n${text}`) }),
    onRequest: true,
  },
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
})
const usual = Object.keys(SETS).filter((name) => !SETS[name].onRequest)
const chosen = positionals.length === 0 ? usual : positionals
const unknown = chosen.find((name) => !Object.hasOwn(SETS, name))
if (unknown !== undefined)
  throw new Error(`no such benchmark: ${unknown}; there are ${Object.keys(SETS).join(' and ')}`)

for (const name of chosen) {
  const { packages, run } = SETS[name]
  const command = `npm run bench -- ${name}${values.quick ? ' --quick' : ''}`
  const where = environment(command)
  console.log(`\n${name}: Node ${where.node}, ${where.cpu}, load ${where.loadAverage}`)
  const result = await run(values.quick)
  if (result === undefined) {
    console.log('\nskipped: there is no redis-server here')
  } else if (values.quick) {
    console.log('\nA quick run shows that everything runs; its numbers are worth nothing and are not kept.')
  } else {
    if (result.bars) console.log(`\n${barTable(result.bars)}`)
    write(name, { ...where, versions: versions(packages), ...result })
  }
}

function printRow({ row, size, contenders }) {
  const against = (contender, reference) => (contender.times[reference] ? short(contender.times[reference]) : '')
  const rows = contenders.map((one) => [
    one.name,
    duration(one.nanoseconds),
    against(one, 'Map'),
    against(one, 'lru-cache'),
  ])
  console.log(
    `\n${row}, ${size.toLocaleString('en')} entries\n${table([['', 'each', '× Map', '× lru-cache'], ...rows])}`,
  )
}

function printFramework({ framework, variants }) {
  const rows = variants.map(({ variant, perSecond, microseconds, times, timesByProcessor }) => [
    variant,
    Math.round(perSecond).toLocaleString('en'),
    short(times.median),
    short(microseconds),
    short(timesByProcessor.median),
  ])
  const head = ['', 'requests/s', `× ${variants[0].variant}`, 'µs of processor each', `× ${variants[0].variant}`]
  console.log(`\n${framework}\n${table([head, ...rows])}`)
}

function write(name, result) {
  const file = new URL(`results/${name}.json`, import.meta.url)
  mkdirSync(new URL('.', file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
  console.log(`\nwritten: benchmarks/results/${name}.json`)
}
