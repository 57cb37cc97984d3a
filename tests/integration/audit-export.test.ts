/** From what happens in the rooms to a file that proves it, offline; and the keys that are published for that. */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportAudit } from '#server/audit/export'
import { noteSigningKeys, publishedKeys } from '#server/audit/signing-keys'
import { verifyAudit } from '#server/audit/verify'
import type { Caller } from '#server/database/caller'
import { withCredential } from '#server/integrations/credentials'
import { useEncryptionKeys } from '#server/utils/encryption'
import { publicSigningKeys } from '#server/utils/signing'
import { newEncryptionKey } from '../support/backend.ts'
import { serveHttp } from '../support/http-server.ts'
import { from, openRooms, type Rooms } from '../support/rooms.ts'
import { tempDir } from '../support/temp-dir.ts'

const script = join(import.meta.dirname, '../../scripts/verify-audit.ts')
const issuer = 'https://integrations.example.com'
let rooms: Rooms
let folder: Awaited<ReturnType<typeof tempDir>>
let acme: Caller
let integration: string

beforeAll(async () => {
  rooms = await openRooms()
  folder = await tempDir('audit')
  acme = await rooms.person()
  integration = await rooms.connect(acme)
  await rooms.scan(acme, integration)
})
afterAll(async () => {
  await rooms?.close()
  await folder?.remove()
})

async function exported(options: { fromSeq?: number, issuer?: string } = {}, who = acme): Promise<string> {
  let text = ''
  for await (const line of await exportAudit(who, { fromSeq: 1, issuer, from, ...options })) text += line
  return text
}

async function fileWith(content: string): Promise<string> {
  const path = join(folder.path, `${randomUUID()}.jsonl`)
  await writeFile(path, content)
  return path
}

/** As another machine would run it: nothing of this process's environment, in a folder without a key. */
function run(parameters: string[], environment: Record<string, string> = {}): Promise<{ code: number, out: string, error: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...parameters], { cwd: folder.path, env: { PATH: process.env.PATH, ...environment }, timeout: 30_000 }, (error, out, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, out, error: stderr }))
  })
}
const ownKeys = () => ({ ENCRYPTION_KEY: rooms.env.ENCRYPTION_KEY ?? '' })

describe('verifying', () => {
  it('finds nothing wrong with what the rooms wrote, and notes that it was asked', async () => {
    const verdict = await verifyAudit(acme, from)
    expect(verdict).toMatchObject({ ok: true, first_fault: null })
    expect(verdict.checked).toBeGreaterThan(2)
    expect(verdict.head.seq).toBe(verdict.checked)
    expect(verdict.since).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    const again = await verifyAudit(acme, from)
    expect(again).toMatchObject({ ok: true, checked: verdict.checked + 1 })
    expect(await rooms.sql('select action, actor_email, detail from public.audit_log where organization_id = $1 and seq = $2', [acme.organizationId, again.checked])).toEqual([
      { action: 'audit.verified', actor_email: acme.email, detail: { ok: true, checked: verdict.checked, last_entry: verdict.head.seq, last_hash: verdict.head.hash } }])
  })

  it('goes over a log of several pages, and names what is broken in a sentence', async () => {
    const who = await rooms.person()
    await rooms.sql(`insert into public.audit_log (organization_id, actor_type, action) select $1, 'system', 'scan.completed' from generate_series(1, 20)`, [who.organizationId])
    await rooms.sql(`do $$ declare v public.audit_log; begin
      alter table public.audit_log disable trigger chain;
      select * into v from public.audit_log where organization_id = '${who.organizationId}' order by seq desc limit 1;
      for number in v.seq + 1 .. 10500 loop
        v.id := gen_random_uuid(); v.seq := number; v.prev_hash := v.hash; v.hash := private.audit_hash(v.prev_hash, private.audit_canonical(v));
        insert into public.audit_log select v.*;
      end loop;
      update public.audit_heads set seq = v.seq, hash = v.hash where organization_id = v.organization_id;
      alter table public.audit_log enable trigger chain;
    end $$`)
    expect(await verifyAudit(who, from)).toMatchObject({ ok: true, checked: 10_500 })
    await rooms.sql('alter table public.audit_log disable trigger append_only')
    await rooms.sql(`update public.audit_log set ip = '127.0.0.9' where organization_id = $1 and seq = 10300`, [who.organizationId])
    const [{ id } = { id: '' }] = await rooms.sql<{ id: string }>('select id from public.audit_log where organization_id = $1 and seq = 10300', [who.organizationId])
    expect(await verifyAudit(who, from)).toMatchObject({ ok: false, first_fault: { kind: 'altered', seq: 10_300, id, sentence: expect.stringContaining('Entry 10300 is not what was written') as string } })
    await rooms.sql('delete from public.audit_log where organization_id = $1 and seq = 10200', [who.organizationId])
    const text = await exported({}, who)
    await rooms.sql('alter table public.audit_log enable trigger append_only')
    // What is broken in the database is broken in the export, at the same entry.
    expect(await run([await fileWith(text)], ownKeys())).toMatchObject({ code: 1, error: expect.stringMatching(/^line 10201: entry 10200 was removed: here stands entry 10201/) as string })
  })
})

describe('verifying in the smallest of steps', () => {
  const small = { page: 2, search: 3 }
  /** Somebody with a log of twelve entries. */
  async function logged() {
    const who = await rooms.person()
    await rooms.sql(`insert into public.audit_log (organization_id, actor_type, action) select $1, 'system', 'scan.completed' from generate_series(1, 12)`, [who.organizationId])
    const change = (seq: number, set: string) => rooms.sql(`update public.audit_log l set ${set} where organization_id = $1 and seq = $2`, [who.organizationId, seq])
    const idOf = async (seq: number) => (await rooms.sql<{ id: string }>('select id from public.audit_log where organization_id = $1 and seq = $2', [who.organizationId, seq]))[0]?.id
    return { who, change, idOf }
  }
  const rehashed = 'hash = private.audit_hash(prev_hash, private.audit_canonical(l))'
  beforeAll(() => rooms.sql('alter table public.audit_log disable trigger append_only'))
  afterAll(() => rooms.sql('alter table public.audit_log enable trigger append_only'))

  it('finds nothing wrong, and counts each entry once', async () => {
    const { who } = await logged()
    const [{ n } = { n: 0 }] = await rooms.sql<{ n: number }>('select count(*)::int as n from public.audit_log where organization_id = $1', [who.organizationId])
    expect(await verifyAudit(who, from, small)).toMatchObject({ ok: true, checked: n, head: { seq: n } })
  })

  it.each<[string, (change: Awaited<ReturnType<typeof logged>>['change']) => Promise<unknown>, string, number]>([
    ['a changed entry', change => change(9, 'ip = \'127.0.0.9\''), 'altered', 9],
    ['one that was hashed anew', async (change) => {
      await change(9, 'ip = \'127.0.0.9\'')
      await change(9, rehashed)
    }, 'altered', 9],
    ['one in the place of another', async (change) => {
      for (const [seq, to] of [[3, 1000], [11, 3], [1000, 11]] as const) await change(seq, `seq = ${to}`)
    }, 'reordered', 3],
    ['one in the place of another, hashed anew', async (change) => {
      for (const [seq, to] of [[3, 1000], [11, 3], [1000, 11]] as const) await change(seq, `seq = ${to}`)
      await change(3, rehashed)
    }, 'reordered', 3],
    ['one with a number past the end', change => change(10, 'seq = 1000'), 'removed', 10],
  ])('names %s', async (_, breaks, kind, seq) => {
    const { who, change, idOf } = await logged()
    await breaks(change)
    const id = kind === 'removed' ? null : await idOf(seq)
    for (const sizes of [small, { page: 1, search: 1 }, undefined]) expect((await verifyAudit(who, from, sizes)).first_fault).toMatchObject({ kind, seq, id })
  })
})

describe('an export', () => {
  it('is proven without the database, by this installation\'s keys', async () => {
    const text = await exported()
    const lines = text.trimEnd().split('\n')
    const { count, kid } = JSON.parse(lines.at(-1) ?? '') as { count: number, kid: string }
    expect(lines).toHaveLength(count + 2)
    // Its own entry is the last one.
    expect(JSON.parse(lines.at(-2) ?? '')).toMatchObject({ entry: { seq: count, action: 'audit.exported', actor_email: acme.email } })
    const { code, out } = await run([await fileWith(text)], ownKeys())
    expect(code).toBe(0)
    for (const said of [acme.organizationId, `${count} entries`, kid, issuer, 'from the first one on']) expect(out).toContain(said)
    await writeFile(join(folder.path, 'encryption.key'), `${rooms.env.ENCRYPTION_KEY}\n`)
    expect((await run([await fileWith(text)], { DATA_DIR: folder.path })).code).toBe(0)
  })

  it('may begin later, chained to what came before', async () => {
    const whole = (await exported()).split('\n')
    const part = (await exported({ fromSeq: 3 })).split('\n')
    expect(part[1]).toBe(whole[3])
    expect(await run([await fileWith(part.join('\n'))], ownKeys())).toMatchObject({ code: 0, out: expect.stringContaining('entries       3 to') as string })
    // Refused before it is noted: nothing was exported.
    const { checked } = await verifyAudit(acme, from)
    await expect(exported({ fromSeq: 10_000 })).rejects.toMatchObject({ code: 'invalid_request' })
    expect((await verifyAudit(acme, from)).checked).toBe(checked + 1)
    expect((await exported({ fromSeq: checked + 3 })).trimEnd().split('\n')).toHaveLength(3)
  })

  it('is proven by the published keys: from a file, from APP_URL, from the issuer that the verifier trusts, never from the one that it names itself', async () => {
    const server = await serveHttp(async ({ url }) => new URL(url).pathname === '/.well-known/jwks.json' ? Response.json({ keys: await publishedKeys() }) : new Response('', { status: 404 }))
    try {
      const text = await exported({ issuer: server.url })
      const keys = await fileWith(JSON.stringify({ keys: [{ kty: 'RSA', n: 'x', e: 'AQAB' }, ...await publishedKeys()] }))
      expect(await run([await fileWith(text), '--keys', keys])).toMatchObject({ code: 0, error: '' })
      expect(await run([await fileWith(text)], { APP_URL: server.url })).toMatchObject({ code: 0, error: '' })
      expect(await run([await fileWith(text), '--trust-issuer', server.url])).toMatchObject({ code: 0, error: '' })
      const footer = text.trimEnd().split('\n').length
      expect(await run([await fileWith(text)])).toMatchObject({ code: 1, out: '', error: expect.stringMatching(new RegExp(`^line ${footer}: the signature is by the key [^]*--keys KEYS[^]*--trust-issuer https:`)) as string })
      expect(await run([await fileWith(text)], { APP_URL: `${server.url}/elsewhere` })).toMatchObject({ code: 1, error: expect.stringContaining('gave no keys (HTTP 404). To fix: add -- --keys KEYS') as string })
    }
    finally {
      await server.close()
    }
  })

  it('is not proven by another\'s keys, nor when a line of it is changed', async () => {
    const text = await exported()
    const footer = text.trimEnd().split('\n').length
    expect(await run([await fileWith(text)], { ENCRYPTION_KEY: newEncryptionKey() })).toMatchObject({ code: 1, error: expect.stringContaining(`line ${footer}: the signature is by the key`) as string })
    expect(await run([await fileWith(text.replace('"user"', '"User"'))], ownKeys())).toMatchObject({ code: 1, error: expect.stringMatching(/^line \d+: entry \d+ was altered/) as string })
  })

  it.each([[[]], [['/nowhere/at/all']], [['.']], [['a', 'b']], [['a', '--nonsense']], [['a', '--trust-issuer', 'http://example.com']]])('wants to be called rightly: %j', async (parameters) => {
    const { code, error } = await run(parameters, ownKeys())
    expect(code).toBe(2)
    expect(error.trim().split('\n')).toHaveLength(1)
  })

  it.each([['{}', 'is no JSON Web Key Set'], ['{"keys": []}', 'holds no Ed25519 key'], ['no', 'is no JSON Web Key Set']])('does not take %j for keys', async (content, reason) => {
    expect(await run([await fileWith(await exported()), '--keys', await fileWith(content)])).toMatchObject({ code: 1, error: expect.stringContaining(reason) as string })
  })
})

describe('when the log cannot be written', () => {
  it('hands out no credential, and no export', async () => {
    await rooms.sql('revoke insert on public.audit_log from service_role')
    try {
      let handedOut = false
      await expect(withCredential({ integrationId: integration, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, async () => { handedOut = true })).rejects.toThrow()
      expect(handedOut).toBe(false)
      await expect(exported()).rejects.toThrow()
    }
    finally {
      await rooms.sql('grant insert on public.audit_log to service_role')
    }
  })
})

describe('the published keys', () => {
  const first = () => rooms.env.ENCRYPTION_KEY ?? ''
  const kids = async () => (await publishedKeys()).map(key => key.kid)
  const kidOf = (key: string) => {
    useEncryptionKeys({ current: key })
    return publicSigningKeys()[0]?.kid ?? ''
  }

  it('outlive the key that they were derived from, and pass trust on', async () => {
    const [second, third] = [newEncryptionKey(), newEncryptionKey()]
    const [a, b, c] = [kidOf(first()), kidOf(second), kidOf(third)]
    try {
      useEncryptionKeys({ current: first() })
      await noteSigningKeys()
      await noteSigningKeys()
      const text = await exported()
      useEncryptionKeys({ current: second, previous: [first()] })
      await noteSigningKeys()
      useEncryptionKeys({ current: third, previous: [second] })
      expect(await kids()).toEqual([c, b, a])
      await noteSigningKeys()
      useEncryptionKeys({ current: third })
      expect(new Set(await kids())).toEqual(new Set([a, b, c]))
      expect((await kids())[0]).toBe(c)
      const keys = await fileWith(JSON.stringify({ keys: await publishedKeys() }))
      expect((await run([await fileWith(text), '--keys', keys])).code).toBe(0)
      // Another installation's keys vouch for none of these.
      useEncryptionKeys({ current: newEncryptionKey() })
      expect(await kids()).toHaveLength(1)
    }
    finally {
      useEncryptionKeys({ current: first() })
    }
  })

  it('are not those that somebody writes into the table', async () => {
    const strange = kidOf(newEncryptionKey())
    const [forged] = publicSigningKeys()
    useEncryptionKeys({ current: first() })
    await noteSigningKeys()
    const before = await kids()
    const [{ endorsement } = { endorsement: {} }] = await rooms.sql('select endorsement from public.signing_keys limit 1')
    await rooms.sql(`insert into public.signing_keys (kid, public_jwk, endorsement) values ($1, $2::text::jsonb, $3::text::jsonb)`, [strange, JSON.stringify(forged), JSON.stringify(endorsement)])
    // Nor a strange key under the name of ours.
    await rooms.sql(`update public.signing_keys set public_jwk = jsonb_set(public_jwk, '{x}', to_jsonb($2::text)) where kid = $1`, [before[0], forged?.x])
    expect(await kids()).toEqual(before)
    expect((await publishedKeys())[0]).toEqual(publicSigningKeys()[0])
    await noteSigningKeys()
    expect(await kids()).toEqual(before)
  })
})
