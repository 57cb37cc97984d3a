import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openDocument, readDocument } from './openapi'

const error = { type: 'object', required: ['message'], properties: { message: { 'type': 'string', 'x-nullable': false } } }
const shop = openDocument({
  swagger: '2.0',
  basePath: '/api/v1/',
  consumes: ['application/json'],
  produces: ['application/json'],
  parameters: { page: { name: 'page', in: 'query', type: 'integer', format: 'int32' } },
  responses: { failed: { description: '', schema: error } },
  definitions: { Item: { type: 'object', required: ['id'], properties: { id: { type: 'string' }, note: { 'type': 'string', 'x-nullable': true } } } },
  paths: {
    '/items': {
      get: {
        parameters: [{ $ref: '#/parameters/page' }, { name: 'kind', in: 'query', type: 'string', enum: ['new', 'used'] }],
        responses: { 200: { description: '', schema: { type: 'array', items: { $ref: '#/definitions/Item' } } }, 204: { description: '' }, default: { $ref: '#/responses/failed' } },
      },
      post: {
        parameters: [{ name: 'item', in: 'body', schema: { $ref: '#/definitions/Item' } }],
        responses: { 201: { description: '' } },
      },
    },
    '/items/{id}': {
      parameters: [{ name: 'id', in: 'path', type: 'string', maxLength: 3, required: true }, { name: 'full', in: 'query', type: 'string' }],
      get: { parameters: [{ name: 'full', in: 'query', type: 'boolean' }], responses: {} },
    },
    '/items/count': { get: { responses: {} } },
    '/token': {
      post: {
        consumes: ['application/x-www-form-urlencoded'],
        parameters: [{ name: 'code', in: 'formData', type: 'string', required: true }, { name: 'life', in: 'formData', type: 'integer' }],
        responses: {},
      },
    },
  },
})

function operation(method: string, path: string) {
  const found = shop.operation(method, path)
  if (!found) throw new Error(`There is no ${method} ${path}`)
  return found
}

describe('a document in Swagger 2.0', () => {
  it('has its paths below the base path, and no others', () => {
    expect(operation('GET', '/api/v1/items').path).toBe('/api/v1/items')
    expect(operation('GET', '/api/v1/items/count').path).toBe('/api/v1/items/count')
    expect(operation('GET', '/api/v1/items/7').path).toBe('/api/v1/items/{id}')
    for (const path of ['/items', '/api/v1/other', '/api/v1/items/7/8']) expect(shop.operation('GET', path)).toBeUndefined()
    expect(shop.operation('DELETE', '/api/v1/items')).toBeUndefined()
  })

  it('says which parameters a call takes, as the text that they are', () => {
    const { query } = operation('GET', '/api/v1/items')
    expect(Object.keys(query)).toEqual(['page', 'kind'])
    expect([query.page?.('2'), query.page?.('two'), query.kind?.('new'), query.kind?.('odd')]).toEqual([true, false, true, false])
  })

  it('lends the parameters of a path to its operations, which may have their own', () => {
    const { query, pathParameters } = operation('GET', '/api/v1/items/7')
    expect([pathParameters.id?.('123'), pathParameters.id?.('1234')]).toEqual([true, false])
    expect([query.full?.('true'), query.full?.('perhaps')]).toEqual([true, false])
  })

  it('has bodies as JSON and as forms', () => {
    const json = operation('POST', '/api/v1/items').body['application/json']
    expect([json?.({ id: 'a', note: null }), json?.({ note: 'b' }), json?.({ id: 1 })]).toEqual([true, false, false])
    const form = operation('POST', '/api/v1/token').body['application/x-www-form-urlencoded']
    expect([form?.({ code: 'c', life: '60' }), form?.({ life: '60' }), form?.({ code: 'c', life: 'long' })]).toEqual([true, false, false])
  })

  it('has answers by status, and errors under `default`', () => {
    const { answers } = operation('GET', '/api/v1/items')
    expect([answers[200]?.([{ id: 'a', note: null }]), answers[200]?.([{}]), answers[200]?.({ id: 'a' })]).toEqual([true, false, false])
    expect(answers[204]).toBeNull()
    expect([answers.default?.({ message: 'no' }), answers.default?.({ message: null }), answers.default?.({})]).toEqual([true, false, false])
  })
})

it('a document in OpenAPI 3 has shared parameters, bodies and answers too', () => {
  const document = openDocument({
    openapi: '3.0.3',
    components: {
      parameters: { page: { name: 'page', in: 'query', schema: { type: 'integer' } } },
      responses: { item: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Item' } } } } },
      requestBodies: { item: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Item' } } } } },
      schemas: { Item: { type: 'object', required: ['id'], properties: { id: { type: 'string', nullable: true } } } },
    },
    paths: {
      '/items': {
        parameters: [{ $ref: '#/components/parameters/page' }],
        post: { requestBody: { $ref: '#/components/requestBodies/item' }, responses: { 200: { $ref: '#/components/responses/item' } } },
      },
    },
  })
  const found = document.operation('POST', '/items')
  expect([found?.query.page?.('1'), found?.query.page?.('x')]).toEqual([true, false])
  expect([found?.body['application/json']?.({ id: null }), found?.answers[200]?.({}), found?.answers[200]?.({ id: 'a' })]).toEqual([true, false, true])
})

const folder = new URL('../../../shared/specs/', import.meta.url)

it.skipIf(!existsSync(folder)).each(existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.openapi.json')) : ['no documents here'])('every operation of %s can be read', (name) => {
  const document = readDocument(new URL(name, folder))
  expect(document?.paths.length).toBeGreaterThan(5)
  for (const [method, path] of document?.paths ?? []) expect(document?.operation(method, path), `${method} ${path}`).toBeDefined()
})
