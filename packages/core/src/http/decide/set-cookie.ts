import { trim } from '../syntax/header-fields.js'

/** Whether every line sets a cookie that the route drops from its stored copies. Names are compared exactly. */
export function onlyDroppedCookies(lines: readonly string[], dropped: ReadonlySet<string>): boolean {
  return lines.every((line) => dropped.has(trim(line.split('=', 1)[0] as string)))
}
