/**
 * `npm test`: all tests, with all that they need, on a machine that has nothing but Node and npm.
 * Arguments go to vitest: `npm test -- tests/unit`, `npm test -- tests/integration/connect.test.ts -t denied`.
 */
import process from 'node:process'
import { ensureBuild } from './lib/build.ts'
import { ensureChromium } from './lib/chromium.ts'
import { add, noTests, runVitest, type Counts } from './lib/run-vitest.ts'
import { selectStages } from './lib/test-stages.ts'

const line = ({ passed, failed, skipped }: Counts) => `${passed} passed, ${failed} failed, ${skipped} skipped`

/** @returns the sum, one line for each stage, and what failed in any of them */
async function main(args: readonly string[]): Promise<{ total: Counts, summary: string[], failures: string[] }> {
  const selected = selectStages(args)
  const env: Record<string, string> = {}
  // Asked for first: a machine without a browser should not learn of it after ten minutes.
  if (selected.some(stage => stage.needsChromium)) env.CHROMIUM_PATH = await ensureChromium()

  let total = noTests
  let built = false
  const summary: string[] = []
  const failures: string[] = []
  for (const stage of selected) {
    console.log(`\n=== ${stage.title}`)
    const began = performance.now()
    if (stage.needsBuild && !built) {
      if (!ensureBuild()) throw new Error('The app does not build, so the tests that need it did not run.')
      built = true
    }
    const { counts, failures: failed } = await runVitest(stage.projects, args, env)
    failures.push(...failed)
    total = add(total, counts)
    summary.push(`${stage.title}: ${line(counts)} in ${((performance.now() - began) / 1000).toFixed(0)} s`)
  }
  return { total, summary, failures }
}

try {
  const { total, summary, failures } = await main(process.argv.slice(2))
  if (summary.length === 0) console.error('No test file matches.')
  // Once more, together: a stage's own report is thousands of lines further up.
  if (failures.length > 0) console.log(`\nFailed:\n\n${failures.join('\n')}`)
  console.log(`\n${summary.join('\n')}\n`)
  console.log(line(total))
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0
}
catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}\n`)
  console.log(line({ ...noTests, failed: 1 }))
  process.exitCode = 1
}
