/** The roles that were made here, and the sessions of those that were taken on. */
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { sha256, secret } from '../kit/hash'
import type { SandboxStore } from '../store'

/** `id`: as the guide says. `open`: without a condition. `any`: with a wildcard in the place of the id. */
export const trusts = ['id', 'open', 'any'] as const

const roleSchema = z.object({
  arn: z.string(), accountId: z.string(), externalId: z.string(), trust: z.enum(trusts),
  /** Whether SecurityAudit is attached. */
  audit: z.boolean(),
})
export type Role = z.infer<typeof roleSchema>
const stateSchema = z.object({ version: z.literal(1), roles: z.record(z.string(), roleSchema) })

export interface Session { accessKeyId: string, secretAccessKey: string, sessionToken: string, expiresAt: number, role: Role, name: string }

export type Roles = ReturnType<typeof openRoles>

/** @throws Error when the stored state is damaged */
export function openRoles(store: SandboxStore, now: () => number) {
  const stored = store.load()
  const parsed = stored === undefined ? { success: true as const, data: { version: 1 as const, roles: {} } } : stateSchema.safeParse(stored)
  if (!parsed.success) throw new Error('The AWS sandbox\'s stored state is damaged: delete its state.json to start afresh.', { cause: parsed.error })
  const state: z.infer<typeof stateSchema> = parsed.data
  // In memory: a restart ends them, and whoever has one takes on the role again.
  const sessions = new Map<string, Session>()

  return {
    /** Made once per account and external id; made again, it is changed. */
    put(made: Omit<Role, 'arn'>): Role {
      const arn = `arn:aws:iam::${made.accountId}:role/AllyShipScanner-${sha256(made.externalId).slice(0, 8)}`
      const role = { ...made, arn }
      state.roles[arn] = role
      store.save(state)
      return role
    },

    list: (): Role[] => Object.values(state.roles),

    remove(arn: string): void {
      Reflect.deleteProperty(state.roles, arn)
      store.save(state)
    },

    find(arn: string): Role | undefined {
      return Object.hasOwn(state.roles, arn) ? state.roles[arn] : undefined
    },

    /** Null: the trust policy does not let it in. */
    assume(arn: string, externalId: string | null, name: string, seconds: number): Session | null {
      const role = this.find(arn)
      const lets = role && (role.trust === 'open' || (role.trust === 'any' && externalId !== null) || role.externalId === externalId)
      if (!role || !lets) return null
      for (const [key, session] of sessions) if (session.expiresAt <= now()) sessions.delete(key)
      const session = {
        accessKeyId: `ASIA${randomBytes(10).toString('hex').toUpperCase().slice(0, 16)}`, secretAccessKey: randomBytes(30).toString('base64'), sessionToken: secret('session_'),
        expiresAt: now() + seconds * 1000, role, name,
      }
      sessions.set(session.accessKeyId, session)
      return session
    },

    session(accessKeyId: string): Session | undefined {
      return sessions.get(accessKeyId)
    },

    /** As if their time were over. @param arn absent: those of every role */
    endSessions(arn?: string): void {
      for (const session of sessions.values()) if (arn === undefined || session.role.arn === arn) session.expiresAt = 0
    },
  }
}
