/** Runs vitest on some projects and counts from its JSON report, not from its screen. */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'

const root = join(import.meta.dirname, '../..')

export interface Counts { passed: number, failed: number, skipped: number }

export const noTests: Counts = { passed: 0, failed: 0, skipped: 0 }

export function add(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

/** The parts of vitest's (jest-like) JSON report that are counted. */
interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: FileReport[]
}

interface FileReport {
  name: string
  status: string
  /** Why it did not load, when it did not. */
  message?: string
  assertionResults: { status: string, fullName: string, failureMessages?: string[] | null }[]
}

/**
 * Counts a report. A file that fails as a whole (it does not load, its setup throws) has no failed test of its own, and a
 * run may fail beside its tests (an unhandled error): each counts as one failure, so that "0 failed" is never printed
 * for a run that failed.
 */
export function countReport(report: Report | null, exitCode: number): Counts {
  if (!report) return { ...noTests, failed: 1 }
  const brokenFiles = report.testResults.filter(file => file.status === 'failed' && file.assertionResults.length === 0).length
  const failed = report.numFailedTests + brokenFiles
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

/** One entry for each test, or file, that failed: where it is, and the beginning of why. */
export function failuresIn(report: Report | null): string[] {
  const entry = (file: string, title: string, why = '') => `${relative(root, file)}${title}\n  ${why.split('\n').slice(0, 6).join('\n  ')}`
  return (report?.testResults ?? []).filter(file => file.status === 'failed').flatMap(({ name, message, assertionResults }) =>
    assertionResults.length === 0
      ? [entry(name, '', message)]
      : assertionResults.filter(test => test.status === 'failed').map(test => entry(name, ` > ${test.fullName}`, test.failureMessages?.join('\n'))))
}

/** @param args handed to vitest: paths, `-t name`, ... */
export async function runVitest(projects: readonly string[], args: readonly string[], env: Record<string, string>): Promise<{ counts: Counts, failures: string[] }> {
  const reports = join(root, 'tests/.artifacts')
  const file = join(reports, `report-${projects[0]}.json`)
  mkdirSync(reports, { recursive: true })
  rmSync(file, { force: true })
  const vitest = spawn(process.execPath, [
    join(root, 'node_modules/vitest/vitest.mjs'), 'run',
    ...projects.flatMap(name => ['--project', name]),
    '--reporter=default', '--reporter=json', `--outputFile.json=${file}`,
    ...args,
  ], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } })
  const exitCode = await new Promise<number>((resolve) => {
    vitest.once('error', () => resolve(1))
    vitest.once('close', code => resolve(code ?? 1))
  })
  const report = readReport(file)
  return { counts: countReport(report, exitCode), failures: failuresIn(report) }
}

function readReport(file: string): Report | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report
  }
  catch {
    return null
  }
}
