/** Something that lives as long as a request, and on which things about it are kept. */
export type Carrier = Record<symbol, unknown>

/**
 * What to keep things about a request on. For a framework on Node that is the list of the headers as they were received, which
 * nobody copies or prints: one more property on an Express request, whose prototype was exchanged, costs as much as all of a
 * hit, and a WeakMap from requests to what knows them twice that.
 */
export function carrierOf(native: object): Carrier {
  const { rawHeaders } = native as { readonly rawHeaders?: unknown }
  return (Array.isArray(rawHeaders) ? rawHeaders : native) as unknown as Carrier
}
