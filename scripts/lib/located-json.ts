/**
 * JSON with the line of everything in it. Stricter than JSON.parse where two readers could see two things: a key that stands
 * twice, and a number that is not written as it is read (9007199254740993, 1e999).
 */
export interface Located {
  value: unknown
  line: number
  /** Of an object. The line is that of the key. */
  fields: ReadonlyMap<string, Located>
  /** Of an array. */
  items: readonly Located[]
}

export class JsonFault extends Error {
  override name = 'JsonFault'
  readonly line: number
  readonly column: number

  constructor(problem: string, text: string, offset: number) {
    super(problem)
    const before = text.slice(0, offset).split('\n')
    this.line = before.length
    this.column = (before.at(-1)?.length ?? 0) + 1
  }
}

const DEPTH = 50
/** Where each ends; whether it is one is for JSON.parse to say. */
const tokens = { string: /"(?:[^"\\]|\\.)*"/y, number: /-?\d[\d.eE+-]*/y, word: /true|false|null/y, space: /[ \t\r\n]*/y }

/** @throws JsonFault */
export function parseLocated(text: string): Located {
  let at = 0
  let [line, counted] = [1, 0]

  const fail = (problem: string): never => {
    throw new JsonFault(problem, text, at)
  }
  const take = (token: keyof typeof tokens): string | null => {
    const pattern = tokens[token]
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found !== undefined) at += found.length
    return found ?? null
  }
  const next = (): string => {
    take('space')
    return text[at] ?? ''
  }
  const expectNext = (wanted: string) => {
    if (next() !== wanted) fail(at >= text.length ? `the text ends where ${wanted} is due` : `${wanted} is due here`)
    at += 1
  }
  const lineHere = (): number => {
    for (; counted < at; counted++) if (text[counted] === '\n') line += 1
    return line
  }
  const parse = (raw: string, start: number, problem: string): unknown => {
    try {
      return JSON.parse(raw)
    }
    catch {
      at = start
      return fail(problem)
    }
  }

  function list(close: string, item: () => void): void {
    at += 1
    if (next() !== close) {
      for (item(); next() === ','; item()) at += 1
    }
    expectNext(close)
  }

  function object(depth: number): Pick<Located, 'value' | 'fields'> {
    const fields = new Map<string, Located>()
    list('}', () => {
      if (next() !== '"') fail(at >= text.length ? 'the text ends where a key is due' : 'a key is due here')
      const line = lineHere()
      const start = at
      const key = string()
      if (fields.has(key)) {
        at = start
        fail(`the key ${JSON.stringify(key)} stands here a second time`)
      }
      expectNext(':')
      fields.set(key, { ...value(depth + 1), line })
    })
    // Without a prototype: a key such as __proto__ is one like any other.
    const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>
    for (const [key, field] of fields) result[key] = field.value
    return { value: result, fields }
  }

  function array(depth: number): Pick<Located, 'value' | 'items'> {
    const items: Located[] = []
    list(']', () => items.push(value(depth + 1)))
    return { value: items.map(item => item.value), items }
  }

  function string(): string {
    const start = at
    const raw = take('string') ?? fail('this string does not end')
    return String(parse(raw, start, 'this string holds what no string may'))
  }

  function value(depth: number): Located {
    if (depth > DEPTH) fail('it is nested too deeply')
    const first = next()
    const leaf: Located = { value: null, line: lineHere(), fields: new Map(), items: [] }
    if (first === '{') return { ...leaf, ...object(depth) }
    if (first === '[') return { ...leaf, ...array(depth) }
    if (first === '"') return { ...leaf, value: string() }
    const start = at
    const raw = take('word') ?? take('number') ?? fail(at >= text.length ? 'the text ends where a value is due' : 'a value is due here')
    const read = parse(raw, start, 'this is no number')
    if (JSON.stringify(read) !== raw) {
      at = start
      fail('this number is not written as it is read')
    }
    return { ...leaf, value: read }
  }

  const root = value(0)
  if (next() !== '') fail('nothing may follow here')
  return root
}
