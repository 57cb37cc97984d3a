/** Reads a provider's document, OpenAPI 3 or Swagger 2.0, and turns its schemas into what Ajv understands. */
import { existsSync, readFileSync } from 'node:fs'
import Ajv, { type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { list, object, type Json } from './json'
import { liftSwagger } from './swagger'

export { object } from './json'

export interface Operation {
  /** The template, `/v1/projects/{ref}`; in Swagger 2.0 with the document's base path. */
  path: string
  method: string
  scope: string | undefined
  /** Names of query parameters, and the schema of each: they take the text that stands in the address. */
  query: Record<string, ValidateFunction>
  pathParameters: Record<string, ValidateFunction>
  /** By media type. */
  body: Record<string, ValidateFunction>
  /** By status, or `default`; null where the document describes no JSON body. */
  answers: Record<string, ValidateFunction | null>
  /** The schema of the 200 answer, for looking up names. */
  answerSchema: unknown
}

export interface Document {
  operation: (method: string, path: string) => Operation | undefined
  resolve: (schema: unknown) => Json
  /** Every method with its template. */
  paths: readonly (readonly [method: string, template: string])[]
}

const methods = ['get', 'post', 'put', 'patch', 'delete']

/** Null where the documents are not beside the project: such a test is skipped, with the reason printed. */
export function readDocument(url: URL): Document | null {
  if (!existsSync(url)) {
    console.info(`Skipped: ${url.pathname} is not here, so requests and answers cannot be compared with the provider's document.`)
    return null
  }
  return openDocument(JSON.parse(readFileSync(url, 'utf8')))
}

/** @param json as the provider publishes it */
export function openDocument(json: unknown): Document {
  const document = object(translate(liftSwagger(object(json))))
  const compile = compilerOf(document, false)
  // Addresses and forms hold text only: `100` is an integer there.
  const compileText = compilerOf(document, true)

  function resolve(schema: unknown): Json {
    const reference = object(schema).$ref
    if (typeof reference !== 'string') return object(schema)
    return object(reference.replace('#/', '').split('/').reduce<unknown>((at, key) => object(at)[key], document))
  }

  function describe(path: string, method: string, operation: Json): Operation {
    const shared = list(object(object(document.paths)[path]).parameters)
    const parameters = [...shared, ...list(operation.parameters)].map(resolve)
    const named = (place: string) => Object.fromEntries(parameters.filter(parameter => parameter.in === place).map(parameter => [String(parameter.name), compileText(parameter.schema)]))
    const media = (holder: unknown) => Object.entries(object(resolve(holder).content))
    const responses = Object.entries(object(operation.responses))
    return {
      path,
      method,
      scope: typeof operation['x-oauth-scope'] === 'string' ? operation['x-oauth-scope'] : undefined,
      query: named('query'),
      pathParameters: named('path'),
      body: Object.fromEntries(media(operation.requestBody).map(([type, content]) => [type, (/form/.test(type) ? compileText : compile)(object(content).schema)])),
      answers: Object.fromEntries(responses.map(([status, response]) => {
        const content = object(object(resolve(response).content)['application/json'])
        return [status, content.schema ? compile(content.schema) : null]
      })),
      answerSchema: object(object(resolve(object(operation.responses)['200']).content)['application/json']).schema,
    }
  }

  return {
    paths: Object.entries(object(document.paths)).flatMap(([template, item]) =>
      methods.filter(method => method in object(item)).map(method => [method.toUpperCase(), template] as const)),
    operation(method, path) {
      const templates = Object.keys(object(document.paths)).filter(template => matches(template, path))
      // `/api-keys/legacy` before `/api-keys/{id}`: the template with fewer holes is the one that is meant.
      const template = templates.sort((a, b) => a.split('{').length - b.split('{').length)[0]
      const operation = template === undefined ? undefined : object(object(document.paths)[template])[method.toLowerCase()]
      return template === undefined || !operation ? undefined : describe(template, method, object(operation))
    },
    resolve,
  }
}

function compilerOf(document: Json, coerceTypes: boolean): (schema: unknown) => ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true, coerceTypes })
  addFormats.default(ajv)
  for (const format of ['int32', 'int64', 'dateTime']) ajv.addFormat(format, true)
  ajv.addSchema({ $id: 'document', components: document.components, definitions: document.definitions })
  return schema => ajv.compile(object(absolute(schema)))
}

/** Every property name of a schema, at any depth. */
export function propertyNames(schema: unknown, resolve: (schema: unknown) => Json = object, found = new Set<string>()): Set<string> {
  if (Array.isArray(schema)) schema.forEach(child => propertyNames(child, resolve, found))
  else if (typeof schema === 'object' && schema !== null) {
    const resolved = resolve(schema)
    for (const [name, child] of Object.entries(object(resolved.properties))) propertyNames(child, resolve, found.add(name))
    for (const key of ['items', 'anyOf', 'oneOf', 'allOf']) propertyNames(resolved[key], resolve, found)
  }
  return found
}

/** The values of a template's holes. */
export function pathValues(template: string, path: string): Record<string, string> {
  const names = [...template.matchAll(/\{(\w+)\}/g)].map(match => match[1] ?? '')
  const values = pattern(template).exec(path)?.slice(1) ?? []
  return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(values[index] ?? '')]))
}

function matches(template: string, path: string): boolean {
  return pattern(template).test(path)
}

function pattern(template: string): RegExp {
  return new RegExp(`^${template.replace(/\{\w+\}/g, '([^/]+)')}$`)
}

/** OpenAPI 3.0 → JSON Schema: `nullable`, boolean `exclusiveMinimum` and `exclusiveMaximum`, `discriminator`. */
function translate(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(translate)
  if (typeof value !== 'object' || value === null) return value
  const { nullable, discriminator: _, ...rest } = Object.fromEntries(Object.entries(value).map(([key, child]) => [key, translate(child)]))
  for (const [exclusive, bound] of [['exclusiveMinimum', 'minimum'], ['exclusiveMaximum', 'maximum']] as const) {
    if (rest[exclusive] === true) rest[exclusive] = rest[bound]
    else if (rest[exclusive] === false) Reflect.deleteProperty(rest, exclusive)
  }
  return nullable === true ? { anyOf: [rest, { type: 'null' }] } : rest
}

/** `#/components/...` → `document#/components/...`. */
function absolute(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(absolute)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, key === '$ref' && typeof child === 'string' ? child.replace(/^#/, 'document#') : absolute(child)]))
}
