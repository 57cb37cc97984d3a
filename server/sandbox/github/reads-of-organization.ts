import { organizationFull, simpleUser } from './shapes/accounts'
import type { Read } from './read'
import type { SandboxAccount } from './world/account'

/** By the path below `/orgs/{org}`. */
export function readsOfOrganization(api: string, account: SandboxAccount): Readonly<Record<string, Read>> {
  const { organization } = account
  if (!organization) return {}
  const { settings, owners, actions, workflow, hooks } = organization
  const user = (one: { id: number, login: string }) => simpleUser(api, { ...account, ...one, type: 'User' })
  const base = `${api}/orgs/${account.login}`
  const ofActions = { permission: 'organization_administration', scope: 'admin:org', forOthers: { status: 403, message: 'Must have admin rights to Organization.' } } as const
  return {
    '': { permission: 'organization_administration', scope: 'admin:org', forOthers: { value: organizationFull(api, account, {}) }, answer: () => ({ value: organizationFull(api, account, settings) }) },
    '/members': { permission: 'members', scope: 'read:org', answer: query => ({ list: query.get('role') === 'member' ? [] : owners.map(user) }) },
    '/actions/permissions': { ...ofActions, answer: () => ({ value: actions }) },
    '/actions/permissions/workflow': { ...ofActions, answer: () => ({ value: workflow }) },
    '/hooks': {
      permission: 'organization_hooks',
      scope: 'admin:org_hook',
      forOthers: { status: 404, message: 'Not Found' },
      answer: () => ({
        list: hooks.map(({ host, insecureSsl, signed }, index) => ({
          id: 300 + index,
          url: `${base}/hooks/${300 + index}`,
          ping_url: `${base}/hooks/${300 + index}/pings`,
          type: 'Organization',
          name: 'web',
          active: true,
          events: ['push'],
          config: { url: `https://${host}/hook?key=sandbox-hook-key-that-nobody-may-keep`, content_type: 'json', insecure_ssl: insecureSsl, ...(signed && { secret: '********' }) },
          created_at: '2024-01-01T00:00:00Z',
          updated_at: '2024-01-01T00:00:00Z',
        })),
      }),
    },
  }
}
