import type { IncomingMessage } from 'node:http'

/** Hides fields of a request from whoever reads `headers` from now on; returns what shows them again. */
export function hideFields({ headers }: IncomingMessage, names: readonly string[]): () => void {
  const hidden = names.filter((name) => headers[name] !== undefined).map((name) => [name, headers[name]] as const)
  for (const [name] of hidden) delete headers[name]
  return () => {
    for (const [name, value] of hidden.splice(0)) headers[name] ??= value
  }
}
