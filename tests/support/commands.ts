/** The operator's commands as processes: `npm run keys:rotate` and its like, and a few lines run as one. */
import { join } from 'node:path'
import { runNode, startNode, type Child, type Exit } from './child.ts'

const scripts = join(import.meta.dirname, '../../scripts')

/** @param name of scripts/, without `.ts` */
export function runScript(name: string, args: string[], env: Record<string, string>, timeoutMs = 60_000): Promise<Exit & { output: string }> {
  return runNode([join(scripts, `${name}.ts`), ...args], env, timeoutMs)
}

export function startScript(name: string, args: string[], env: Record<string, string>): Child {
  return startNode([join(scripts, `${name}.ts`), ...args], env)
}

/**
 * Lines of JavaScript with the environment read, the keys installed and the database open, as a command has them.
 * @param body may use `load` (a room of server/), `say` (JSON for the answer) and top-level await
 * @returns what it said last
 */
export async function runProbe<T>(body: string, env: Record<string, string>): Promise<T> {
  const { code, output } = await runNode(['--input-type=module', '-e', probeOf(body)], env, 60_000)
  if (code !== 0) throw new Error(`The probe ended with ${code}:\n${output}`)
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as T
}

export function probeOf(body: string): string {
  return `import { load, runCommand } from ${JSON.stringify(join(scripts, 'lib/server.ts'))}
const say = value => console.log(JSON.stringify(value))
await runCommand(async () => { ${body} ; return 0 })`
}
