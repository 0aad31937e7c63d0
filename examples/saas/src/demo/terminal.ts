// Colours only where a person looks: not in files and pipes, not with NO_COLOR (https://no-color.org).
const coloured = process.stdout.isTTY && !process.env.NO_COLOR
const paint = (code: number) => (text: string) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text)

export const bold = paint(1)
export const dim = paint(2)
export const red = paint(31)
export const green = paint(32)
export const yellow = paint(33)

export const print = (text = '') => console.log(text)

export const heading = (title: string, explanation: string) => print(`\n${bold(title)}\n${dim(explanation)}\n`)

/** A time given in milliseconds, in the unit that reads best. */
export const time = (milliseconds: number) =>
  milliseconds >= 1_000
    ? `${(milliseconds / 1_000).toFixed(1)} s`
    : `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`

export const count = (number: number, one: string, many = `${one}s`) =>
  `${number.toLocaleString('en')} ${number === 1 ? one : many}`

/** A column of a printed table; numbers read better aligned to the right. */
export interface Column {
  title: string
  width: number
  align?: 'right'
  paint?: (text: string) => string
}

/** Prints a table a row at a time, so that each row appears when it happens. Padding comes before colour, which has no width. */
export function table(columns: Column[]): (cells: string[]) => void {
  const line = (cells: string[], painted: boolean) =>
    columns
      .map(({ width, align, paint: colour = String }, index) => {
        const cell = cells[index] ?? ''
        const padded = align === 'right' ? cell.padStart(width) : cell.padEnd(width)
        return painted && cell !== '' ? colour(padded) : padded
      })
      .join('  ')
      .trimEnd()
  print(
    dim(
      line(
        columns.map(({ title }) => title),
        false,
      ),
    ),
  )
  return (cells) => print(line(cells, true))
}
