/** What an expression can name, and where it comes from. */
const NAMES = {
  longKey: 'work.longKeys[place]',
  shortKey: 'work.shortKeys[place]',
  absentLongKey: 'work.absentLongKeys[place]',
  absentShortKey: 'work.absentShortKeys[place]',
  newLongKey: 'work.newLongKeys[turn]',
  newShortKey: 'work.newShortKeys[turn]',
  value: 'work.values[place]',
  tenant: 'work.tenants[work.tenantOf[place]]',
}

/**
 * A loop that evaluates the expression `count` times from step `from` on and returns how often it gave something.
 *
 * It is compiled for this expression alone. One loop for all contenders would collect the types of all of them at the same
 * calls, and would measure the engine's confusion instead of a cache.
 */
export function compileLoop(expression, { cache, workload, load, asynchronous }) {
  const names = Object.keys(NAMES).filter((name) => new RegExp(`\\b${name}\\b`).test(expression))
  const source = `
    return ${asynchronous ? 'async ' : ''}function loop(from, count) {
      const { mask, order } = work
      const turns = work.size * 2
      let found = 0
      for (let step = from; step < from + count; step++) {
        const place = order[step & mask]
        const turn = step % turns
        ${names.map((name) => `const ${name} = ${NAMES[name]}`).join('\n        ')}
        const result = ${asynchronous ? 'await ' : ''}${expression}
        if (result !== undefined) found++
      }
      return found
    }`
  // eslint-disable-next-line typescript/no-implied-eval -- see above; the text is this folder's own
  return new Function('cache', 'work', 'load', source)(cache, workload, load)
}
