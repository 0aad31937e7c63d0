import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'

/** Where and with what numbers were made: without it they mean nothing. */
export function environment(command) {
  const processors = cpus()
  return {
    command,
    date: new Date().toISOString(),
    node: process.version,
    cpu: `${processors[0]?.model ?? 'unknown'} × ${processors.length}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
    platform: `${process.platform} ${process.arch}`,
    // Above the number of processors somebody else was working too.
    loadAverage: Number(loadavg()[0].toFixed(2)),
  }
}

/** Versions of what was measured. */
export function versions(packages) {
  return Object.fromEntries(packages.map((name) => [name, versionOf(name)]))
}

/** Read from the folder: not every package exports its package.json. */
function versionOf(name) {
  const folders = [`../node_modules/${name}`, `../../node_modules/${name}`]
  for (const folder of folders) {
    try {
      return JSON.parse(readFileSync(new URL(`${folder}/package.json`, import.meta.url), 'utf8')).version
    } catch (error) {
      if (error.code !== 'ENOENT') throw error
    }
  }
  throw new Error(`${name} is not installed`)
}
