import { spawn, spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'

/** Whether processes can be kept on a processor each: who asks and who answers must not take turns on one. */
export const pinned = cpus().length > 1 && spawnSync('taskset', ['-V']).error === undefined

/** A command line that stays on that processor, where that is possible. */
export function commandOn(processor, command) {
  return pinned && processor !== undefined ? ['taskset', '-c', String(processor), ...command] : command
}

/** Starts a script in a process of its own, with a channel to it; `execArgv` are Node's own arguments. */
export function startScript(script, args, { processor, execArgv = [] } = {}) {
  const command = commandOn(processor, [process.execPath, ...execArgv, fileURLToPath(script), ...args])
  return spawn(command[0], command.slice(1), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
}

/** The next thing the process says. */
export function message(child) {
  return new Promise((resolve, reject) => {
    const ended = (code) => reject(new Error(`${child.spawnargs.join(' ')}: ended with ${code}`))
    child.once('exit', ended)
    child.once('message', (said) => {
      child.off('exit', ended)
      resolve(said)
    })
  })
}

/** Calls one of the functions that a process offers with {@link offer}: one at a time. */
export function ask(child, method, parameters = {}) {
  const answer = message(child)
  child.send({ method, parameters })
  return answer.then(({ result }) => result)
}

/** Lets the process that started this one call these functions. One that throws ends this process. */
export function offer(functions) {
  process.on('message', async ({ method, parameters }) => {
    process.send({ result: await functions[method](parameters) })
  })
  process.on('disconnect', () => process.exit())
}
