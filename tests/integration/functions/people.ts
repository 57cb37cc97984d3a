import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { refusal, service, user, type TestDatabase } from '../../support/database.ts'
import { newOrganization, newUser, sha256, type Seeded } from '../../support/organizations.ts'

/** change_member, create_organization, and the two calls that an invitation's link leads to. */
export function people(database: () => TestDatabase): void {
  let db: TestDatabase
  let acme: Pick<Seeded, 'id' | 'owner' | 'admin' | 'member'>
  beforeEach(async () => {
    db = database()
    acme = await newOrganization(db.run)
  })

  const changeAs = (who: string, whom: string, role: string | null) => db.as(user(who), async run =>
    (await run('select public.change_member($1, $2, $3) as outcome', [acme.id, whom, role])).rows[0]?.outcome)
  const roleOf = async (who: string) => (await db.run('select role from public.user_organizations where organization_id = $1 and user_id = $2', [acme.id, who])).rows[0]?.role

  describe('change_member', () => {
    it.each([
      // who, whom, to what (null: out), what becomes of it
      ['owner', 'member', 'owner', 'changed'], ['owner', 'admin', null, 'changed'], ['owner', 'member', null, 'changed'],
      ['admin', 'member', 'admin', 'changed'], ['admin', 'member', null, 'changed'], ['admin', 'admin', null, 'changed'], ['admin', 'admin', 'member', 'changed'],
      ['admin', 'member', 'owner', 'forbidden'], ['admin', 'owner', 'member', 'forbidden'], ['admin', 'owner', null, 'forbidden'], ['admin', 'admin', 'owner', 'forbidden'],
      ['member', 'member', 'admin', 'forbidden'], ['member', 'admin', 'member', 'forbidden'], ['member', 'owner', null, 'forbidden'],
      ['member', 'member', null, 'changed'],
    ] as const)('%s: %s to %s is %s', async (who, whom, role, expected) => {
      const before = await roleOf(acme[whom])
      expect(await changeAs(acme[who], acme[whom], role)).toBe(expected)
      expect(await roleOf(acme[whom])).toBe(expected === 'changed' ? role ?? undefined : before)
    })

    it('knows nobody outside', async () => {
      const stranger = (await newOrganization(db.run)).owner
      expect(await changeAs(stranger, acme.member, null)).toBe('not_found')
      expect(await changeAs(acme.owner, stranger, 'owner')).toBe('not_found')
      expect(await changeAs(acme.owner, randomUUID(), 'member')).toBe('not_found')
      expect(await roleOf(acme.member)).toBe('member')
    })

    it('refuses a role that does not exist', async () => {
      expect((await refusal(changeAs(acme.owner, acme.member, 'god'))).code).toBe('23514')
    })

    it.each([['leave', null], ['step down', 'member']] as const)('does not let the last owner %s, nor be taken away by the service', async (_, role) => {
      expect(await changeAs(acme.owner, acme.owner, role)).toBe('last_owner')
      const sql = role ? `update public.user_organizations set role = 'member' where user_id = $1` : 'delete from public.user_organizations where user_id = $1'
      expect((await refusal(db.as(service, run => run(sql, [acme.owner])))).message).toBe('last_owner')
      expect(await roleOf(acme.owner)).toBe('owner')
    })

    it('lets one of two owners go, and then not the other', async () => {
      await changeAs(acme.owner, acme.admin, 'owner')
      expect(await changeAs(acme.owner, acme.owner, null)).toBe('changed')
      expect(await changeAs(acme.admin, acme.admin, null)).toBe('last_owner')
    })

    it('keeps one of two owners who remove each other at once', async () => {
      for (let round = 0; round < 5; round++) {
        acme = await newOrganization(db.run)
        await changeAs(acme.owner, acme.admin, 'owner')
        await Promise.allSettled([changeAs(acme.owner, acme.admin, null), changeAs(acme.admin, acme.owner, null)])
        expect((await db.run(`select 1 from public.user_organizations where organization_id = $1 and role = 'owner'`, [acme.id])).count).toBe(1)
      }
    })

    it('lets an organization go with all its owners, and a person with their account', async () => {
      expect((await db.run('delete from auth.users where id = $1', [acme.owner])).count).toBe(1)
      expect((await db.run('delete from public.organizations where id = $1', [acme.id])).count).toBe(1)
    })
  })

  describe('create_organization', () => {
    const create = (name: string) => db.as(user(acme.member), async run => (await run('select public.create_organization($1) as id', [name])).rows[0]?.id)

    it('makes the caller its owner', async () => {
      const id = await create('  New  ')
      const { rows } = await db.run('select o.name, m.user_id, m.role from public.organizations o join public.user_organizations m on m.organization_id = o.id where o.id = $1', [id])
      expect(rows).toEqual([{ name: 'New', user_id: acme.member, role: 'owner' }])
    })

    it.each(['', '   ', 'x'.repeat(101)])('refuses the name %j', async name => expect((await refusal(create(name))).code).toBe('23514'))
  })

  describe('an invitation', () => {
    const invite = async (email: string, options: { expired?: boolean, role?: string } = {}) => {
      const hash = sha256(randomUUID())
      await db.run(`insert into public.invitations (organization_id, email, role, token_hash, expires_at)
        values ($1, $2, $3, $4, now() + $5::interval)`, [acme.id, email, options.role ?? 'member', hash, options.expired ? '-1 second' : '1 day'])
      return hash
    }
    const newcomer = async () => {
      const email = `${randomUUID()}@example.com`
      return { id: await newUser(db.run, email), email }
    }
    const accept = (who: string, hash: string) => db.as(user(who), async run => (await run('select public.accept_invitation($1) as id', [hash])).rows[0]?.id)
    const lookup = (hash: string) => db.as({ role: 'anon' }, async run => (await run('select * from public.lookup_invitation($1)', [hash])).rows)

    it('is shown to whoever holds its link, and admits the person it is for, once', async () => {
      const { id, email } = await newcomer()
      const hash = await invite(email, { role: 'admin' })
      expect(await lookup(hash)).toEqual([{ organization: 'Acme', email, role: 'admin' }])
      expect(await accept(id, hash)).toBe(acme.id)
      expect(await roleOf(id)).toBe('admin')
      expect(await lookup(hash)).toEqual([])
      expect(await accept(id, hash)).toBeNull()
    })

    it('is compared without regard to the case of the account\'s address', async () => {
      const id = await newUser(db.run, 'Some.Body@Example.com')
      expect(await accept(id, await invite('some.body@example.com'))).toBe(acme.id)
    })

    it('admits nobody else, and stays good for the one it is for', async () => {
      const { id, email } = await newcomer()
      const hash = await invite(email)
      expect(await accept((await newcomer()).id, hash)).toBeNull()
      expect(await accept(acme.member, hash)).toBeNull()
      expect(await accept(id, hash)).toBe(acme.id)
    })

    it('admits nobody once it has expired', async () => {
      const { id, email } = await newcomer()
      const hash = await invite(email, { expired: true })
      expect(await lookup(hash)).toEqual([])
      expect(await accept(id, hash)).toBeNull()
      expect(await roleOf(id)).toBeUndefined()
    })

    it('is used up by one of two who accept at once', async () => {
      const { id, email } = await newcomer()
      const hash = await invite(email)
      const outcomes = await Promise.all([accept(id, hash), accept(id, hash)])
      expect(outcomes.filter(outcome => outcome !== null)).toEqual([acme.id])
    })

    it('never lowers the role of somebody who is there already', async () => {
      const email = `${randomUUID()}@example.com`
      await db.run('update auth.users set email = $2 where id = $1', [acme.owner, email])
      expect(await accept(acme.owner, await invite(email))).toBe(acme.id)
      expect(await roleOf(acme.owner)).toBe('owner')
    })

    it('never makes an owner', async () => {
      expect((await refusal(invite('x@example.com', { role: 'owner' }))).code).toBe('23514')
    })
  })
}
