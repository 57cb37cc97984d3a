import { createError } from 'h3'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { AppError, errorTable, OAuthError, ProviderError, type ErrorCode } from '#server/errors'
import { toProblem } from '#server/utils/problem'

const secret = 'sbp_0102030405060708'

function zodError(schema: z.ZodType, value: unknown): unknown {
  return schema.safeParse(value).error
}

describe('toProblem', () => {
  it.each(Object.keys(errorTable) as ErrorCode[])('shapes %s', (code) => {
    const problem = toProblem(new AppError(code))
    expect(problem.status).toBe(errorTable[code].status)
    expect(problem.body).toEqual({ type: `urn:allyship:problem:${code}`, title: errorTable[code].title, status: problem.status, detail: `${errorTable[code].title}.`, code })
    expect(problem.headers['content-type']).toBe('application/problem+json')
    expect(problem.headers['cache-control']).toBe('no-store')
    expect('www-authenticate' in problem.headers).toBe(problem.status === 401)
  })

  it('adds detail, errors, extra, headers and instance, and lets none of them replace the shape', () => {
    const { body, headers } = toProblem(new AppError('scan_in_progress', 'It runs.', {
      extra: { assessment_id: 'a', status: 200, code: 'ok', type: 'x' },
      errors: [{ field: 'id', message: 'no' }],
      headers: { 'retry-after': '5', 'content-type': 'text/html' },
      cause: new Error(secret),
    }), '/api/x?code=abc')
    expect(body).toEqual({
      type: 'urn:allyship:problem:scan_in_progress', title: errorTable.scan_in_progress.title, status: 409, detail: 'It runs.',
      code: 'scan_in_progress', errors: [{ field: 'id', message: 'no' }], assessment_id: 'a', instance: '/api/x',
    })
    expect(headers).toMatchObject({ 'retry-after': '5', 'content-type': 'application/problem+json' })
  })

  it('names every field that does not fit, and every unknown one', () => {
    const schema = z.strictObject({ name: z.string().min(1), nested: z.strictObject({ list: z.array(z.number()) }) })
    const error = zodError(schema, { name: '', nested: { list: [1, 'two'], more: 1 }, surplus: 1, other: 2 })
    const { body, status } = toProblem(error)
    expect(status).toBe(400)
    expect(body.code).toBe('invalid_request')
    expect(Object.fromEntries((body.errors as { field: string, message: string }[]).map(item => [item.field, item.message]))).toEqual({
      'name': expect.any(String), 'nested.list.1': expect.any(String), 'nested.more': 'Unknown field', 'surplus': 'Unknown field', 'other': 'Unknown field',
    })
    expect(body.detail).toContain('name: ')
  })

  it('calls what is no object the body', () => {
    expect(toProblem(zodError(z.object({}), 'text')).body.errors).toEqual([{ field: 'body', message: expect.any(String) }])
  })

  it.each([
    [400, 'invalid_request'], [401, 'unauthorized'], [403, 'forbidden'], [404, 'not_found'], [405, 'method_not_allowed'], [409, 'conflict'], [410, 'not_found'],
    [413, 'body_too_large'], [415, 'unsupported_media_type'], [418, 'invalid_request'], [429, 'rate_limited'], [500, 'internal'], [501, 'internal'],
    [502, 'provider_unavailable'], [503, 'unavailable'],
  ])('h3 error %i is %s, without its words', (statusCode, code) => {
    const problem = toProblem(createError({ statusCode, message: secret, statusMessage: 'x', data: { leak: secret } }))
    expect(problem.body.code).toBe(code)
    expect(JSON.stringify(problem)).not.toContain(secret)
  })

  it('looks through what h3 wraps', () => {
    expect(toProblem(createError(new AppError('last_owner'))).body.code).toBe('last_owner')
    const wrapped = createError({ statusCode: 500, cause: new AppError('conflict') })
    expect(toProblem(wrapped).body.code).toBe('conflict')
    const validation = createError({ statusCode: 400, data: zodError(z.object({ a: z.string() }), {}) })
    expect(toProblem(validation).body.errors).toEqual([{ field: 'a', message: expect.any(String) }])
    expect(toProblem(createError({ statusCode: 400, message: 'Invalid JSON body' })).body.code).toBe('invalid_json')
  })

  it.each([
    ['an error', new Error(secret)], ['a text', secret], ['nothing', undefined], ['null', null], ['an object', { statusCode: 404, message: secret }],
    ['a dead grant', new OAuthError('dead_grant', 'invalid_grant', { cause: new Error(secret) })],
  ])('anything else is internal and says nothing: %s', (_, error) => {
    const problem = toProblem(error)
    expect(problem.status).toBe(500)
    expect(JSON.stringify(problem)).not.toContain(secret)
  })

  it.each([new ProviderError('timeout', 'GET /x'), new OAuthError('passing', 'server_error')])('a provider that is away is a 502', (error) => {
    expect(toProblem(error).body.code).toBe('provider_unavailable')
  })
})
