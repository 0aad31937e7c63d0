const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const MONTH = MONTHS.join('|')
const TIME = String.raw`(\d\d):(\d\d):(\d\d)`

/** The three formats of RFC 9110 §5.6.7: IMF-fixdate, RFC 850, asctime; their case is of no matter, all else is. */
const IMF_FIXDATE = new RegExp(`^(?:mon|tue|wed|thu|fri|sat|sun), (\\d\\d) (${MONTH}) (\\d{4}) ${TIME} gmt$`, 'i')
const RFC_850 = new RegExp(
  `^(?:mon|tues|wednes|thurs|fri|satur|sun)day, (\\d\\d)-(${MONTH})-(\\d\\d) ${TIME} gmt$`,
  'i',
)
const ASCTIME = new RegExp(`^(?:mon|tue|wed|thu|fri|sat|sun) (${MONTH}) ([ \\d]\\d) ${TIME} (\\d{4})$`, 'i')

/**
 * The milliseconds since the epoch that an HTTP date stands for, `undefined` where it is none of the three formats or no
 * day of the calendar. Never `Date.parse`, which takes nearly anything.
 *
 * @param now wall clock: a two-digit year more than fifty years ahead of it is in the past
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  const fixdate = IMF_FIXDATE.exec(text)
  if (fixdate) return instant(fixdate[3], fixdate[2], fixdate[1], fixdate.slice(4, 7))
  const asctime = ASCTIME.exec(text)
  if (asctime) return instant(asctime[6], asctime[1], asctime[2], asctime.slice(3, 6))
  const rfc850 = RFC_850.exec(text)
  if (rfc850) return instant(fullYear(Number(rfc850[3]), now), rfc850[2], rfc850[1], rfc850.slice(4, 7))
  return undefined
}

/** An instant as IMF-fixdate, the one format to be written. */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString()
}

function fullYear(twoDigits: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + twoDigits
  return year > thisYear + 50 ? year - 100 : year
}

type Part = string | number | undefined

function instant(year: Part, month: Part, day: Part, time: readonly Part[]): number | undefined {
  const [hour, minute, second] = time.map(Number) as [number, number, number]
  if (hour > 23 || minute > 59 || second > 60) return undefined
  const monthIndex = MONTHS.indexOf(String(month).toLowerCase())
  const date = new Date(0)
  // Not Date.UTC: it moves the years 0 to 99 into the twentieth century.
  date.setUTCFullYear(Number(year), monthIndex, Number(day))
  if (date.getUTCMonth() !== monthIndex || date.getUTCDate() !== Number(day)) return undefined
  return date.setUTCHours(hour, minute, second)
}
