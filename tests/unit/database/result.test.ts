import type { PostgrestSingleResponse } from '@supabase/supabase-js'
import { describe, expect, it } from 'vitest'
import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'
import { toProblem } from '#server/utils/problem'

const failed = (code: string, message = 'column "config" of row (secret-value)') =>
  ({ error: { code, message, details: 'Failing row contains (secret-value)', hint: '' }, data: null, count: null, status: 400, statusText: '' }) as unknown as PostgrestSingleResponse<never>

function refusal(result: PostgrestSingleResponse<never>): AppError {
  try { unwrap(result) }
  catch (error) {
    if (error instanceof AppError) return error
  }
  throw new Error('It was taken for a success')
}

describe('unwrap', () => {
  it('gives the data of a success, null and empty ones too', () => {
    for (const data of [{ id: 1 }, [], null, false]) expect(unwrap({ error: null, data } as PostgrestSingleResponse<unknown>)).toBe(data)
  })

  it.each([
    ['42501', 'permission denied for table integrations', 'forbidden'], ['23514', 'violates check constraint', 'invalid_request'],
    ['PGRST301', 'JWSError', 'unauthorized'], ['PGRST303', 'expired', 'unauthorized'], ['', 'JWT expired', 'unauthorized'],
    ['', 'TypeError: fetch failed', 'unavailable'], ['P0001', 'last_owner', 'last_owner'], ['P0001', 'something else', 'internal'],
    ['SUP', 'error: audit_unavailable', 'audit_unavailable'], ['SUP', 'PostgresError: audit_unavailable', 'audit_unavailable'], ['SUP', 'error: something else', 'internal'], ['SUP', 'audit_unavailable of it', 'internal'],
    ['P0001', 'toString', 'internal'], ['23505', 'duplicate key', 'internal'], ['PGRST116', 'no rows', 'internal'], ['XX000', '', 'internal'],
  ])('%s %j is %s', (code, message, expected) => expect(refusal(failed(code, message)).code).toBe(expected))

  it.each(['42501', '23514', '23505', 'PGRST301', '', 'P0001'])('tells the caller nothing of the database\'s own words (%s), and keeps them for the log', (code) => {
    const error = refusal(failed(code))
    expect(JSON.stringify(toProblem(error).body)).not.toMatch(/secret-value|config/)
    if (code !== 'PGRST301') expect(error.cause).toMatchObject({ code })
  })
})
