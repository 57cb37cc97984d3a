/**
 * What was said between a connector and its stand-in, against the document that the provider publishes: a request has to be an
 * operation of it, with parameters that it knows, and a JSON answer has to be as it says.
 */
import type { ValidateFunction } from 'ajv'
import type { Exchange } from '../../support/served-stand-in.ts'
import { object, readDocument, type Document, type Operation } from '../openapi.ts'

export interface Published {
  /** In `../shared/specs`: a call has to be in one of them, and to fit each that has it. */
  documents: readonly string[]
  /** How the document calls it, where that is not as it is called. */
  named?: (method: string, path: string) => readonly [method: string, path: string]
  /** The document foresees no null, and the provider's examples have them. */
  withoutNulls?: boolean
  /** `GET /path` with where it is described instead: an operation that is in a document may not be listed. */
  undescribed: Readonly<Record<string, string>>
}

export interface OpenPublished { faults: (exchanges: readonly Exchange[]) => string[] }

/** Null where the documents are not beside the project. */
export function openPublished(published: Published): OpenPublished | null {
  const { named = (method, path) => [method, path] as const, undescribed } = published
  const documents = published.documents.map(file => readDocument(new URL(`../../../../shared/specs/${file}`, import.meta.url)))
  if (documents.some(document => document === null)) return null
  const lookups = documents.flatMap(document => document ? [lookup(document)] : [])

  function faultsOf(exchange: Exchange): string[] {
    const call = `${exchange.method} ${exchange.path}`
    const found = lookups.map(find => find(...named(exchange.method, exchange.path))).filter(operation => operation !== undefined)
    if (Object.hasOwn(undescribed, call)) return found.length > 0 ? [`${call} is described after all. To fix: take it from the list`] : []
    if (found.length === 0) return [`${call} is in no document. To fix: call something else, or list it with the page that describes it`]
    return found.flatMap(operation => [...unknownParameters(operation, exchange), ...wrongAnswer(operation, exchange)]).map(fault => `${call}: ${fault}`)
  }

  function unknownParameters({ method, path, query }: Operation, exchange: Exchange): string[] {
    // Arguments of a method that the document has as a form are held against it by the provider's own test.
    if (method.toUpperCase() !== exchange.method) return []
    return [...exchange.query.keys()].filter(name => !Object.hasOwn(query, name) && !path.includes(`{${name}}`)).map(name => `takes no parameter ${name}`)
  }

  function wrongAnswer({ answers }: Operation, { status, type, answer }: Exchange): string[] {
    if (!type?.includes('json') || answer === '') return []
    const schema: ValidateFunction | null | undefined = answers[status] ?? answers.default
    // Most documents leave the bodies of refusals to the text.
    if (!schema) return status < 300 ? [`describes no answer with ${status}`] : []
    const body: unknown = JSON.parse(answer)
    if (body === null || schema(published.withoutNulls ? withoutNulls(body) : body)) return []
    // A document that lists one alternative twice: both fit then.
    return (schema.errors ?? []).filter(error => !(error.keyword === 'oneOf' && object(error.params).passingSchemas)).map(error => `${status} ${error.instancePath} ${error.message}`)
  }

  function unused(exchanges: readonly Exchange[]): string[] {
    const made = new Set(exchanges.map(({ method, path }) => `${method} ${path}`))
    return Object.keys(undescribed).filter(call => !made.has(call)).map(call => `${call} is listed and was not made. To fix: take it from the list`)
  }

  return { faults: exchanges => [...new Set([...exchanges.flatMap(faultsOf), ...unused(exchanges)])] }
}

/** Compiled once for each path: some of these schemas are large. */
function lookup(document: Document): (method: string, path: string) => Operation | undefined {
  const known = new Map<string, Operation | undefined>()
  return (method, path) => {
    const key = `${method} ${path}`
    if (!known.has(key)) {
      const found = document.operation(method, path)
      const template = found && `${found.method} ${found.path}`
      known.set(key, template === undefined ? undefined : known.get(template) ?? found)
      if (template !== undefined) known.set(template, known.get(key))
    }
    return known.get(key)
  }
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([, child]) => child !== null).map(([name, child]) => [name, withoutNulls(child)]))
}
