import { green, print, red } from './terminal.js'

/** Everything the demo claims. A claim is printed with its verdict, and one that does not hold fails the demo. */
export class Checklist {
  #held = 0
  readonly #failed: string[] = []

  check(claim: string, holds: boolean): void {
    print(`  ${holds ? green('✓') : red('✗')} ${claim}`)
    if (holds) this.#held++
    else this.#failed.push(claim)
  }

  /** Prints the verdict; `true` when every claim held. */
  conclude(): boolean {
    const total = this.#held + this.#failed.length
    print(`\n${this.#held} of ${total} claims hold.`)
    for (const claim of this.#failed) print(red(`FAILED: ${claim}`))
    return total > 0 && this.#failed.length === 0
  }
}
