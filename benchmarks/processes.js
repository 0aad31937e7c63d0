import { spawn, spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'

/** Whether processes can be kept on a processor each: server and load must not take turns on one. */
export const pinned = cpus().length > 1 && spawnSync('taskset', ['-V']).error === undefined

/** Starts a script of this folder on that processor, with a channel to it. */
export function startOn(processor, script, args) {
  const file = fileURLToPath(new URL(script, import.meta.url))
  const command = [process.execPath, file, ...args]
  const [program, ...rest] = pinned ? ['taskset', '-c', String(processor), ...command] : command
  return spawn(program, rest, {
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
