import { errorOfRoute } from './errors-of-route.js'

/** What of Express's routing tells which middlewares are mounted; the same in Express 4 and 5. */
interface Layer {
  readonly handle: unknown
  readonly name: string
  readonly route?: unknown
}

interface Routing {
  readonly route?: { readonly stack?: readonly Layer[] }
  readonly app?: { readonly router?: unknown; readonly _router?: unknown }
}

/** Names the middlewares mounted after this one that a hit answers without running; the handler itself is none of them. */
export function middlewaresAfter(request: object, middleware: unknown): readonly string[] {
  const { route, app } = request as Routing
  const onRoute = after(route?.stack ?? [], middleware)
  if (onRoute !== undefined) return named(onRoute.filter((layer) => layer.handle !== errorOfRoute).slice(0, -1))
  const mounted = after(stackOf(app), middleware) ?? []
  return named(mounted.filter((layer) => layer.route === undefined))
}

function after(layers: readonly Layer[], middleware: unknown): readonly Layer[] | undefined {
  const at = layers.findIndex((layer) => layer.handle === middleware)
  return at === -1 ? undefined : layers.slice(at + 1)
}

function stackOf(app: Routing['app']): readonly Layer[] {
  // Express 4 throws where `router` is read.
  const router = app?._router ?? app?.router
  return (router as { readonly stack?: readonly Layer[] } | undefined)?.stack ?? []
}

function named(layers: readonly Layer[]): readonly string[] {
  return layers.map(({ name }) => (name === '' || name === '<anonymous>' ? 'an unnamed middleware' : name))
}
