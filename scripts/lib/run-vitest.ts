/** Runs vitest on some projects and counts from its JSON report, not from its screen. */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
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
  testResults: { status: string, assertionResults: unknown[] }[]
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

/** @param args handed to vitest: paths, `-t name`, ... */
export async function runVitest(projects: readonly string[], args: readonly string[], env: Record<string, string>): Promise<Counts> {
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
  return countReport(readReport(file), exitCode)
}

function readReport(file: string): Report | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report
  }
  catch {
    return null
  }
}
