/** How each framework's server is started. */
export const SERVERS = {
  node: async () => (await import('./node.js')).nodeServer,
  express: async () => (await import('./express.js')).expressServer,
  nest: async () => (await import('./nest.js')).nestServer,
  hono: async () => (await import('./hono.js')).honoServer,
}
