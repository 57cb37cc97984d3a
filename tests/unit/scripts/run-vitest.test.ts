import { describe, expect, it } from 'vitest'
import { add, countReport } from '../../../scripts/lib/run-vitest.ts'

const report = (numPassedTests: number, numFailedTests: number, testResults: { status: string, assertionResults: unknown[] }[] = []) =>
  ({ numPassedTests, numFailedTests, numPendingTests: 2, numTodoTests: 1, testResults })

describe('countReport', () => {
  it.each([
    ['a clean run', report(5, 0), 0, { passed: 5, failed: 0, skipped: 3 }],
    ['failed tests', report(5, 2), 1, { passed: 5, failed: 2, skipped: 3 }],
    ['a file that does not load', report(5, 0, [{ status: 'failed', assertionResults: [] }]), 1, { passed: 5, failed: 1, skipped: 3 }],
    ['a file with a failed test is counted once', report(5, 1, [{ status: 'failed', assertionResults: [{}] }]), 1, { passed: 5, failed: 1, skipped: 3 }],
    ['an error beside the tests', report(5, 0), 1, { passed: 5, failed: 1, skipped: 3 }],
    ['no report at all', null, 0, { passed: 0, failed: 1, skipped: 0 }],
  ])('%s', (_, given, exitCode, expected) => expect(countReport(given, exitCode)).toEqual(expected))

  it('adds up', () => {
    expect(add({ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 })).toEqual({ passed: 11, failed: 22, skipped: 33 })
  })
})
