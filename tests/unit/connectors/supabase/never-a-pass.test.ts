/** What could not be verified is not a pass. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { supabase } from '#server/connectors/supabase'
import { type Bodies, evaluate, findCheck } from './evaluate'
import { passing } from './passing'

const ids = supabase.checks.map(check => check.id)
const everyRead = (id: string, body: unknown): Bodies => Object.fromEntries(Object.values(findCheck(id).reads).map(endpoint => [endpoint.id, body]))

/** Fields that inform and do not decide: their absence changes the evidence only. */
const informing: Record<string, string[]> = {
  supabase_rls_enabled: ['max_rows'],
  supabase_rls_policies_effective: ['max_rows'],
  supabase_auth_password_policy: ['plan'],
  supabase_backups_recent: ['plan', 'pitr_enabled'],
  supabase_network_restricted: ['entitlement', 'dbAllowedCidrsV6'],
  supabase_postgres_current: ['eligible'],
  supabase_functions_verify_jwt: ['name', 'status'],
  supabase_org_members_mfa: ['user_name', 'role_name'],
  supabase_auth_mfa_available: [
    'mfa_web_authn_enroll_enabled', 'mfa_web_authn_verify_enabled', 'mfa_phone_enroll_enabled', 'mfa_phone_verify_enabled',
  ],
  supabase_auth_signup_hardened: ['external_anonymous_users_enabled'],
}
const authFields: Record<string, RegExp> = {
  supabase_auth_password_policy: /^(password_|external_email)/,
  supabase_auth_mfa_available: /^mfa_/,
  supabase_auth_signup_hardened: /^(disable_signup|jwt_exp|mailer_|refresh_|uri_|external_anon)/,
}

describe.each(ids)('%s', (id) => {
  it.each([
    ['nothing', {}], ['an empty list', []], ['null', null], ['a word', 'ok'], ['a number', 1], ['true', true],
    ['an error body', { message: 'Something went wrong' }], ['another provider\'s answer', { ok: true, data: [] }],
  ])('does not pass on %s', (_name, body) => {
    expect(evaluate(id, everyRead(id, body)).verdict).not.toBe('pass')
  })

  it('does not pass on any JSON', () => {
    fc.assert(fc.property(fc.jsonValue(), body => evaluate(id, everyRead(id, body)).verdict !== 'pass'), { numRuns: 300 })
  })

  it('does not pass once a field that decides is missing or odd', () => {
    const base = passing[id] ?? {}
    const tried = [...leaves(base)].filter(path => decides(id, String(path.findLast(key => typeof key === 'string'))))
    expect(tried.length).toBeGreaterThan(0)
    for (const path of tried) {
      for (const value of [undefined, { odd: true }]) {
        expect({ path, verdict: evaluate(id, changed(base, path, value)).verdict }).not.toMatchObject({ verdict: 'pass' })
      }
    }
  })
})

function decides(id: string, field: string): boolean {
  const own = authFields[id]
  return field !== 'jwt_secret' && !(informing[id] ?? []).includes(field) && (!own || own.test(field))
}

type Path = (string | number)[]

/** Every field below an endpoint's body: objects and lists themselves too. */
function* leaves(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 1) yield path
  if (Array.isArray(value)) {
    // The last entry is the one that decides in these fixtures; without the others there is nothing less to see.
    if (value.length > 0) yield* leaves(value[value.length - 1], [...path, value.length - 1])
  }
  else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) yield* leaves(child, [...path, key])
  }
}

function changed(bodies: Bodies, path: Path, value: unknown): Bodies {
  const copy = structuredClone(bodies)
  const last = path[path.length - 1]
  const holder = path.slice(0, -1).reduce<unknown>((at, key) => Reflect.get(Object(at), key), copy)
  if (last === undefined) throw new Error('An empty path')
  Reflect.set(Object(holder), last, value)
  return copy
}
