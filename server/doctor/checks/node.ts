import process from 'node:process'
import { Fault, type Check } from '../contract'

/** As package.json's `engines` says; a test keeps them equal. */
export const leastNode = 20

export const node: Check = {
  name: 'node',
  run: async () => judgeNode(process.versions.node),
}

export function judgeNode(version: string): string {
  if (Number(version.split('.')[0]) < leastNode) throw new Fault(`Node.js ${version} is too old`, `install Node.js ${leastNode} or newer`)
  return `Node.js ${version}`
}
