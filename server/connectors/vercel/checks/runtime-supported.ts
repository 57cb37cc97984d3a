import { defineCheck } from '../../contract'
import { projectOf } from '../endpoints'
import { fail, pass, unverified } from '../../verdict'

/** The last day of Node.js's own support, https://github.com/nodejs/Release#release-schedule. Odd releases are not offered. */
const ends: Readonly<Record<string, string>> = {
  '8.10.x': '2019-12-31',
  '10.x': '2021-04-30',
  '12.x': '2022-04-30',
  '14.x': '2023-04-30',
  '16.x': '2023-09-11',
  '18.x': '2025-04-30',
  '20.x': '2026-04-30',
  '22.x': '2027-04-30',
  '24.x': '2028-04-30',
  '26.x': '2029-04-30',
}

export const runtimeSupported = defineCheck({
  id: 'vercel_runtime_supported',
  title: 'Builds and functions run on a Node.js that still gets security fixes',
  severity: 'medium',
  category: 'supply_chain',
  rationale: 'Flaws that are found in a Node.js after its end are published and stay open.',
  remediation: {
    steps: [
      'Try a current version locally and in a preview deployment.',
      'Open the project\'s Settings, Build and Deployment, choose it under Node.js Version and deploy again.',
      'Keep "engines" in package.json in step: it has precedence.',
    ],
    url: 'https://vercel.com/docs/functions/runtimes/node-js/node-js-versions',
  },
  soc2: { criteria: ['CC7.1'], own: true },
  iso27001: { controls: ['8.8'], own: true },
  kinds: ['project'],
  reads: { project: projectOf },
  evaluate: ({ project: { nodeVersion } }, { now }) => {
    const end = nodeVersion && Object.hasOwn(ends, nodeVersion) ? ends[nodeVersion] : undefined
    const evidence = { nodeVersion: nodeVersion ?? null, supported_until: end ?? null }
    if (end === undefined) return unverified('The Node.js version is not stated, or not one whose end is known.', evidence)
    // Through the whole of the day, anywhere on earth.
    if (now.getTime() > Date.parse(`${end}T23:59:59-12:00`)) return fail(`Node.js ${nodeVersion} got its last fixes by ${end}.`, evidence)
    return pass(`Node.js ${nodeVersion} is supported until ${end}.`, evidence)
  },
})
