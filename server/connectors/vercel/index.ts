import type { Connector } from '../contract'
import { authorization, slugSetting } from './authorization'
import { checks } from './checks'
import { account, resources, unavailable } from './discovery'
import { configuration, projects, teamOf, user } from './endpoints'
import { limits, retryAfter } from './rate-limit'
import { refusal } from './refusal'
import { signals } from './signals'
import { webhooks } from './webhooks'

/** Vercel by its REST API: one installation covers one team or personal account; its projects and the team are what is scanned. */
export const vercel = {
  id: 'vercel',
  name: 'Vercel',
  description: 'Checks deployment protection, bypasses, forks, domains and the firewall of your projects, and sign-on and roles of the team.',
  neverRead: [
    'Source files, deployments and build logs',
    'Values of environment variables and bypass secrets: Vercel sends some along, and none is kept',
    'Email addresses of members',
  ],
  brand: { icon: 'simple-icons:vercel', connectLabel: 'Connect Vercel' },
  hosts: { api: 'https://api.vercel.com', auth: 'https://vercel.com' },
  authorization,
  settings: [slugSetting],
  everyCall: {
    // Without it Vercel reads the personal account of whoever installed it. The callback's own `teamId` is not used.
    query: (facts): Readonly<Record<string, string>> => facts.team_id ? { teamId: facts.team_id } : {},
  },
  refusal,
  webhooks,
  setup: {
    steps: [
      'In the Vercel dashboard open Integrations, then the Integrations Console, and create an integration (a connectable account).',
      'Enter the redirect address shown here as its Redirect URL, and /api/webhooks/vercel of this installation as its Webhook URL.',
      'Set the permissions: Installation to Read and Write, Project, Team and User to Read, and nothing else.',
      'Only to check environment variables as well: Global Project Environment Variables to Read and Write, as Vercel offers no less.',
      'Copy the client id and the client secret into VERCEL_CLIENT_ID and VERCEL_CLIENT_SECRET, and the URL slug into VERCEL_INTEGRATION_SLUG unless it is allyship.',
      'Restart this installation.',
    ],
    url: 'https://vercel.com/d?to=%2F%5Bteam%5D%2F%7E%2Fintegrations%2Fconsole&title=Open+Integrations+Console',
  },
  secrets: ['access_token'],
  accountKind: 'team or user id',
  discovery: [configuration, projects, teamOf, user],
  account,
  resources,
  unavailable,
  checks,
  signals,
  // Not `secrets`: it needs a permission that most installations do not have.
  defaultChecks: ['access_control', 'supply_chain', 'data_protection', 'auth', 'network'],
  defaultSchedule: '30 6 * * *',
  retryAfter,
  limits,
} satisfies Connector
