/** Makes something once for each pair, and forgets it with the pair's first. */
export function perPair<A extends object, B, V>(make: (first: A, second: B) => V): (first: A, second: B) => V {
  const made = new WeakMap<A, Map<B, V>>()
  return (first, second) => {
    let known = made.get(first)
    if (known === undefined) made.set(first, (known = new Map<B, V>()))
    let value = known.get(second)
    if (value === undefined) known.set(second, (value = make(first, second)))
    return value
  }
}
