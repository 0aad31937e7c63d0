/** The pattern of `SCAN … MATCH` for what begins with the text, whatever characters it holds. */
export function beginsWith(text: string): string {
  return `${text.replaceAll(/[\\*?[\]^-]/g, String.raw`\$&`)}*`
}
