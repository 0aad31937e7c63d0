/** Rows of cells as text: the first column to the left, numbers to the right. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const line = (row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('  ')
  return rows.map((row) => `  ${line(row)}`).join('\n')
}

/** Three digits are all that such a measurement has. */
export function short(number) {
  if (number >= 100) return Math.round(number).toLocaleString('en')
  return number.toPrecision(number < 0.01 ? 1 : 3)
}

/** Nanoseconds with a unit that can be read. */
export function duration(nanoseconds) {
  if (nanoseconds < 10_000) return `${short(nanoseconds)} ns`
  if (nanoseconds < 10_000_000) return `${short(nanoseconds / 1e3)} µs`
  return `${short(nanoseconds / 1e6)} ms`
}

/** Bars and whether they were met. */
export function barTable(bars) {
  const rows = bars.map(({ name, bar, value, met }) => [name, bar, short(value), met ? 'met' : 'missed'])
  return table([['bar', '', 'measured', ''], ...rows])
}
