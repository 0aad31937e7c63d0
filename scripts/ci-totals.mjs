// Prints CI's totals: the tests of every vitest report in a folder, plus the steps that are no test runs.
import { readdirSync, readFileSync } from 'node:fs'

const [folder, passedSteps, failedSteps] = process.argv.slice(2)
const totals = { passed: Number(passedSteps), failed: Number(failedSteps), skipped: 0 }
for (const file of readdirSync(folder)) {
  const report = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'))
  totals.passed += report.numPassedTests
  totals.failed += report.numFailedTests
  totals.skipped += report.numPendingTests + report.numTodoTests
}
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
