/** The middle one. */
export function median(numbers) {
  return quantile(numbers, 0.5)
}

/** The middle one, and between which two the middle half lies. */
export function spread(numbers) {
  return { median: median(numbers), quartiles: [quantile(numbers, 0.25), quantile(numbers, 0.75)] }
}

/** What that share of the numbers lies below. */
export function quantile(numbers, share) {
  const sorted = numbers.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)]
  return low + (sorted[Math.ceil(at)] - low) * (at - Math.floor(at))
}

/** One's figures against another's, round by round: what disturbed both cancels out. */
export function ratios(figures, reference) {
  return figures.map((figure, round) => figure / reference[round])
}

/** Who comes first changes with each round, so that nobody always follows the same one. */
export function rotated(list, by) {
  const at = by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}

/** A promise that is kept below this. */
export function atMost(name, bar, value) {
  return { name, bar: `≤ ${bar}`, value, met: value <= bar }
}

/** A promise that is kept above this. */
export function atLeast(name, bar, value) {
  return { name, bar: `≥ ${bar}`, value, met: value >= bar }
}
