import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { add, countReport, failuresIn } from '../../../scripts/lib/run-vitest.ts'

type Report = NonNullable<Parameters<typeof countReport>[0]>

const failed = (fullName: string, ...failureMessages: string[]) => ({ status: 'failed', fullName, failureMessages })
const file = (name: string, assertionResults: Report['testResults'][number]['assertionResults'] = [], message = '') =>
  ({ name: join(import.meta.dirname, name), status: 'failed', assertionResults, message })
const report = (numPassedTests: number, numFailedTests: number, testResults: Report['testResults'] = []): Report =>
  ({ numPassedTests, numFailedTests, numPendingTests: 2, numTodoTests: 1, testResults })

describe('countReport', () => {
  it.each([
    ['a clean run', report(5, 0), 0, { passed: 5, failed: 0, skipped: 3 }],
    ['failed tests', report(5, 2), 1, { passed: 5, failed: 2, skipped: 3 }],
    ['a file that does not load', report(5, 0, [file('a.test.ts')]), 1, { passed: 5, failed: 1, skipped: 3 }],
    ['a file with a failed test is counted once', report(5, 1, [file('a.test.ts', [failed('x')])]), 1, { passed: 5, failed: 1, skipped: 3 }],
    ['an error beside the tests', report(5, 0), 1, { passed: 5, failed: 1, skipped: 3 }],
    ['no report at all', null, 0, { passed: 0, failed: 1, skipped: 0 }],
  ])('%s', (_, given, exitCode, expected) => expect(countReport(given, exitCode)).toEqual(expected))

  it('adds up', () => {
    expect(add({ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 })).toEqual({ passed: 11, failed: 22, skipped: 33 })
  })
})

describe('failuresIn', () => {
  it('names each test that failed, or the file where there is none, with the beginning of why', () => {
    const long = Array.from({ length: 20 }, (_, n) => `line ${n + 1}`).join('\n')
    expect(failuresIn(report(1, 2, [
      file('a.test.ts', [{ status: 'passed', fullName: 'fine' }, failed('adds up', 'expected 1 to be 2'), failed('is long', long)]),
      file('b.test.ts', [], 'Cannot find module'),
      { ...file('c.test.ts'), status: 'passed' },
    ]))).toEqual([
      'tests/unit/scripts/a.test.ts > adds up\n  expected 1 to be 2',
      'tests/unit/scripts/a.test.ts > is long\n  line 1\n  line 2\n  line 3\n  line 4\n  line 5\n  line 6',
      'tests/unit/scripts/b.test.ts\n  Cannot find module',
    ])
    expect(failuresIn(null)).toEqual([])
  })
})
