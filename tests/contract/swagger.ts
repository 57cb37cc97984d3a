/**
 * Swagger 2.0 → the shape of OpenAPI 3.0, so that one reader serves both: types of parameters move into a `schema`, `body` and
 * `formData` parameters become the request's body, an answer's `schema` becomes its content, `x-nullable` becomes `nullable`, and
 * the base path stands in front of every path. References stay as they are (`#/definitions/...`).
 */
import { list, object, type Json } from './json'

const defaultMedia = ['application/json']
const forms = ['application/x-www-form-urlencoded', 'multipart/form-data']

/** The document itself when it is none of Swagger 2.0. */
export function liftSwagger(document: Json): Json {
  if (document.swagger !== '2.0') return document
  const base = typeof document.basePath === 'string' ? document.basePath.replace(/\/$/, '') : ''
  const lifted = object(nullable(document))
  const paths = Object.entries(object(lifted.paths)).map(([path, item]) => [base + path, liftItem(object(item), lifted)])
  return { ...lifted, paths: Object.fromEntries(paths) }
}

/** Parameters of a path hold for its operations, which are everything else in it. */
function liftItem({ parameters, ...operations }: Json, document: Json): Json {
  return Object.fromEntries(Object.entries(operations).map(([method, operation]) => [method, liftOperation(object(operation), list(parameters), document)]))
}

function liftOperation(operation: Json, shared: unknown[], document: Json): Json {
  const own = list(operation.parameters).map(parameter => resolved(parameter, document))
  const named = new Set(own.map(({ in: place, name }) => `${String(place)} ${String(name)}`))
  const parameters = [...shared.map(parameter => resolved(parameter, document)).filter(({ in: place, name }) => !named.has(`${String(place)} ${String(name)}`)), ...own]
  const produces = media(operation.produces ?? document.produces)
  return {
    ...operation,
    parameters: parameters.filter(({ in: place }) => place !== 'body' && place !== 'formData').map(liftParameter),
    requestBody: requestBody(parameters, media(operation.consumes ?? document.consumes)),
    responses: Object.fromEntries(Object.entries(object(operation.responses)).map(([status, response]) => [status, answer(resolved(response, document), produces)])),
  }
}

function liftParameter({ in: place, name, required, description, ...schema }: Json): Json {
  return { in: place, name, required, description, schema }
}

function requestBody(parameters: Json[], consumes: string[]): Json | undefined {
  const whole = parameters.find(({ in: place }) => place === 'body')
  if (whole) return { content: Object.fromEntries(consumes.map(type => [type, { schema: whole.schema }])) }
  const fields = parameters.filter(({ in: place }) => place === 'formData').map(liftParameter)
  if (fields.length === 0) return undefined
  const schema = {
    type: 'object',
    properties: Object.fromEntries(fields.map(field => [String(field.name), field.schema])),
    required: fields.filter(field => field.required === true).map(field => String(field.name)),
  }
  const types = consumes.filter(type => forms.includes(type))
  return { content: Object.fromEntries((types.length > 0 ? types : forms.slice(0, 1)).map(type => [type, { schema }])) }
}

function answer({ schema, ...response }: Json, produces: string[]): Json {
  return schema === undefined ? response : { ...response, content: Object.fromEntries(produces.map(type => [type, { schema }])) }
}

function media(types: unknown): string[] {
  const named = list(types).filter(type => typeof type === 'string')
  return named.length > 0 ? named : defaultMedia
}

/** Of `parameters` and `responses`, which the document may hold once for all. */
function resolved(value: unknown, document: Json): Json {
  const { $ref: reference } = object(value)
  if (typeof reference !== 'string') return object(value)
  return object(reference.replace('#/', '').split('/').reduce<unknown>((at, key) => object(at)[key], document))
}

function nullable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nullable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key === 'x-nullable' ? 'nullable' : key, nullable(child)]))
}
