/**
 * Where a stand-in keeps what it must not forget over a restart of the app. The file store replaces the file in one
 * step (temporary file, then rename), so that a crash leaves the old state or the new one, never half of one; mode 0600,
 * although stand-ins store hashes of tokens only.
 */
import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }

export interface SandboxStore {
  /** What was saved last, unparsed; undefined when nothing was. */
  load: () => unknown
  save: (state: JsonValue) => void
}

/** Forgets with the process. A copy goes in and out, as with a file. */
export function memoryStore(): SandboxStore {
  let saved: string | undefined
  return {
    load: () => saved === undefined ? undefined : JSON.parse(saved),
    save: (state) => { saved = JSON.stringify(state) },
  }
}

/** @throws Error naming the file when it holds something that is not JSON */
export function fileStore(path: string): SandboxStore {
  return {
    load: () => readJson(path),
    save: (state) => {
      const temporary = writeBeside(path, state)
      renameSync(temporary, path)
    },
  }
}

/**
 * What the file holds, after storing `make()` if there is none. Two processes that start at once agree: the file is put
 * in place by a link, which fails when the other was first.
 */
export function storedOnce(path: string, make: () => JsonValue): unknown {
  const present = readJson(path)
  if (present !== undefined) return present
  const temporary = writeBeside(path, make())
  try {
    linkSync(temporary, path)
  }
  catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  }
  finally {
    rmSync(temporary, { force: true })
  }
  return readJson(path)
}

function writeBeside(path: string, state: JsonValue): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${randomUUID()}.tmp`
  writeFileSync(temporary, JSON.stringify(state), { mode: 0o600, flag: 'wx' })
  return temporary
}

function readJson(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  }
  catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
  try {
    return JSON.parse(text)
  }
  catch {
    throw new Error(`The sandbox's file ${path} is damaged: it holds no JSON. Delete it to start the sandbox afresh.`)
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
