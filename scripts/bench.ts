/**
 * `npm run bench`: what is promised about speed and weight, measured; a table, and tests/.artifacts/bench.json. Ratios
 * are of one run. Exits with 1 when a target is missed.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { met, type Measurement } from '../tests/bench/report.ts'
import { ensureBuild } from './lib/build.ts'
import { ensureChromium } from './lib/chromium.ts'

const root = join(import.meta.dirname, '..')
const artifacts = join(root, 'tests/.artifacts')
const lines = join(artifacts, 'bench.jsonl')

const chromium = await ensureChromium()
if (!ensureBuild()) process.exit(1)
mkdirSync(artifacts, { recursive: true })
rmSync(lines, { force: true })
const { status } = spawnSync(process.execPath, [
  join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--config', join(root, 'tests/bench/vitest.config.ts'), ...process.argv.slice(2),
], { cwd: root, stdio: 'inherit', env: { ...process.env, BENCH_RESULTS: lines, CHROMIUM_PATH: chromium } })

const measurements = existsSync(lines)
  ? readFileSync(lines, 'utf8').trim().split('\n').map(line => JSON.parse(line) as Measurement)
  : []
const number = (value: number) => value.toFixed(value < 10 ? 2 : 0)
console.table(measurements.map(measurement => ({
  what: measurement.name,
  measured: `${number(measurement.value)} ${measurement.unit}`,
  target: 'atLeast' in measurement.target ? `≥ ${measurement.target.atLeast}` : `≤ ${measurement.target.atMost}`,
  met: met(measurement) ? 'yes' : 'NO',
  readings: Object.entries(measurement.detail).map(([key, value]) => `${key} ${typeof value === 'number' ? number(value) : value}`).join(', '),
})))
writeFileSync(join(artifacts, 'bench.json'), `${JSON.stringify({ at: new Date().toISOString(), node: process.version, cpus: cpus().length, measurements }, null, 2)}\n`)
console.log(`Written to ${join('tests', '.artifacts', 'bench.json')}`)
process.exitCode = status === 0 && measurements.length > 0 && measurements.every(met) ? 0 : 1
