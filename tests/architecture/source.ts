/** The source files as the rules see them: what each imports and names, comments left out. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import ts from 'typescript'

export const root = join(import.meta.dirname, '../..')

export interface Import {
  specifier: string
  /** Inside the repository, without extension and `/index`; null for packages. */
  target: string | null
  typeOnly: boolean
  /** `import()`: loaded when it is called. */
  deferred: boolean
}

export interface Source {
  /** From the repository's root, with slashes. */
  path: string
  lines: number
  imports: Import[]
  identifiers: Set<string>
  /** Dotted accesses such as `process.env`. */
  accesses: Set<string>
  strings: Set<string>
  /** Of a Vue file. */
  template: string
}

export interface Violation { path: string, problem: string, fix: string }

export function format(violations: Violation[]): string {
  return violations.map(({ path, problem, fix }) => `${path} ${problem}. To fix: ${fix}.`).join('\n')
}

const aliases: readonly (readonly [string, string])[] = [
  ['#server/', 'server/'], ['#shared/', 'shared/'], ['~~/', ''], ['@@/', ''], ['~/', ''], ['@/', ''],
]

/** `./x.ts`, `./x` and `./x/index` are the same file. */
const bare = (path: string) => path.replace(/\.(?:ts|mts|vue|mjs|js)$/, '').replace(/\/index$/, '')

function resolveTarget(path: string, specifier: string): string | null {
  if (specifier.startsWith('.')) return bare(posix.normalize(posix.join(dirname(path), specifier)))
  const alias = aliases.find(([prefix]) => specifier.startsWith(prefix))
  return alias ? bare(alias[1] + specifier.slice(alias[0].length)) : null
}

function scriptsOf(path: string, text: string): { code: string, template: string } {
  if (!path.endsWith('.vue')) return { code: text, template: '' }
  const code = [...text.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script>/g)].map(match => match[1]).join('\n')
  return { code, template: /<template\b[^>]*>([\s\S]*)<\/template>/.exec(text)?.[1] ?? '' }
}

export function parseSource(path: string, text: string): Source {
  const { code, template } = scriptsOf(path, text)
  const source: Source = {
    path, lines: text.split('\n').length, imports: [], identifiers: new Set(), accesses: new Set(), strings: new Set(), template,
  }
  const note = (specifier: ts.Node | undefined, typeOnly: boolean, deferred = false) => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return
    source.imports.push({ specifier: specifier.text, target: resolveTarget(path, specifier.text), typeOnly, deferred })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) note(node.moduleSpecifier, isTypeOnly(node))
    else if (ts.isExportDeclaration(node)) note(node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) note(node.argument.literal, true)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) note(node.arguments[0], false, true)
    else if (ts.isIdentifier(node)) source.identifiers.add(node.text)
    else if (ts.isStringLiteralLike(node)) source.strings.add(node.text)
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) source.accesses.add(`${node.expression.text}.${node.name.text}`)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, code, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS))
  return source
}

function isTypeOnly({ importClause }: ts.ImportDeclaration): boolean {
  if (!importClause) return false
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const names = importClause.namedBindings
  return !importClause.name && names !== undefined && ts.isNamedImports(names)
    && names.elements.length > 0 && names.elements.every(element => element.isTypeOnly)
}

const clientFolders = ['pages', 'components', 'composables', 'layouts', 'middleware', 'plugins', 'utils']

/** Every source file of the product: no tests, scripts or generated files. */
export function readSources(): Source[] {
  const patterns = [...clientFolders, 'server', 'shared'].map(folder => `${folder}/**/*.{ts,vue}`)
  return globSync([...patterns, 'app.vue', 'error.vue', 'app.config.ts', 'nuxt.config.ts'], { cwd: root })
    .map(path => path.replaceAll('\\', '/')).sort()
    .filter(path => path !== 'server/database/types.ts')
    .map(path => parseSource(path, readFileSync(join(root, path), 'utf8')))
}

export function isClientFile(path: string): boolean {
  return clientFolders.some(folder => path.startsWith(`${folder}/`)) || ['app.vue', 'error.vue', 'app.config.ts'].includes(path)
}

/** Whether an import's target is a file or folder of the repository. */
export function targetExists(target: string): boolean {
  return ['', '.ts', '.vue', '.mjs', '/index.ts'].some((end) => {
    const path = join(root, target + end)
    return existsSync(path) && (end !== '' || statSync(path).isFile())
  })
}
