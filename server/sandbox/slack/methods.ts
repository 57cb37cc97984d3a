import type { JsonValue } from '../store'
import type { SandboxAccount, SandboxWorkspace } from './accounts/account'
import { channelShape, userShape } from './accounts/shapes'
import { no, ok } from './http'
import { pageOf } from './page-of'
import { scopeList } from './installation'

interface Context { account: SandboxAccount, asPerson: boolean }

interface Method {
  needs: (args: URLSearchParams) => string[]
  answer: (args: URLSearchParams, context: Context) => Response
}

const channelScopes: Readonly<Record<string, string>> = { public_channel: 'channels:read', private_channel: 'groups:read' }
const typesOf = (args: URLSearchParams) => scopeList(args.get('types') ?? 'public_channel')

export const methods: Readonly<Record<string, Method>> = {
  'auth.test': {
    needs: () => [],
    answer: (_, { account, asPerson }) => ok({
      url: `https://${account.domain}.slack.com/`,
      team: account.name,
      user: asPerson ? account.installer.handle : 'allyship',
      team_id: account.id,
      user_id: asPerson ? account.installer.id : 'U0ALLYSHIPBOT',
      ...(asPerson ? {} : { bot_id: 'B0ALLYSHIP00' }),
      ...(account.kind === 'organization' ? { enterprise_id: account.id } : {}),
      is_enterprise_install: account.kind === 'organization',
    }),
  },
  'auth.teams.list': {
    needs: () => [],
    answer: (args, { account }) => list(args, 'teams', account.workspaces.map(({ id, name }) => ({ id, name }))),
  },
  'team.info': {
    needs: () => ['team:read'],
    answer: (args, { account }) => inWorkspace(args.get('team'), account, 'team_not_found', one => ok({ team: team(one, account) })),
  },
  'users.list': {
    needs: () => ['users:read'],
    answer: (args, { account, asPerson }) => inWorkspace(args.get('team_id'), account, 'team_access_not_granted', one =>
      list(args, 'members', one.people.map(person => userShape(person, one, account, asPerson && account.installer.admin)), { cache_ts: 1_795_000_000 })),
  },
  'conversations.list': {
    needs: args => typesOf(args).flatMap(type => channelScopes[type] ?? []),
    answer: (args, { account }) => inWorkspace(args.get('team_id'), account, 'team_access_not_granted', (one) => {
      if (typesOf(args).some(type => !Object.hasOwn(channelScopes, type))) return no('invalid_types')
      const wanted = one.channels.filter(channel => typesOf(args).includes(channel.isPrivate ? 'private_channel' : 'public_channel') && (args.get('exclude_archived') !== 'true' || !channel.archived))
      return list(args, 'channels', wanted.map(channel => channelShape(channel, one)))
    }),
  },
  'team.preferences.list': {
    needs: () => ['team.preferences:read'],
    // It takes no workspace, and an organization is none.
    answer: (_, { account }) => account.kind === 'workspace' && account.workspaces[0] ? ok(account.workspaces[0].preferences) : no('invalid_team'),
  },
}

/** A token of one workspace is always about that one; one of an organization has to name it. */
function inWorkspace(named: string | null, account: SandboxAccount, unknown: string, then: (workspace: SandboxWorkspace) => Response): Response {
  if (account.kind === 'organization' && !named) return no('missing_argument')
  const found = account.kind === 'workspace' ? account.workspaces[0] : account.workspaces.find(one => one.id === named)
  return found ? then(found) : no(unknown)
}

function list(args: URLSearchParams, name: string, items: JsonValue[], more: { [key: string]: JsonValue } = {}): Response {
  const page = pageOf(items, args)
  return 'refused' in page ? no(page.refused) : ok({ [name]: page.items, ...more, response_metadata: { next_cursor: page.next } })
}

function team({ id, name, domain, emailDomain, sso }: SandboxWorkspace, account: SandboxAccount): JsonValue {
  return {
    id, name, domain,
    url: `https://${domain}.slack.com/`,
    email_domain: emailDomain,
    icon: { image_default: true },
    avatar_base_url: 'https://ca.slack-edge.com/',
    is_verified: false,
    ...(account.kind === 'organization' ? { enterprise_id: account.id, enterprise_name: account.name, enterprise_domain: account.domain } : {}),
    ...(sso ? { sso_provider: sso } : {}),
  }
}
