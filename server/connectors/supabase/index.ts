import type { Connector } from '../contract'
import { authorization } from './authorization'
import { checks } from './checks'
import { account, resources, unavailable } from './discovery'
import { organizations, projects } from './endpoints'
import { limits, retryAfter } from './rate-limit'
import { signals } from './signals'

/** Supabase by its Management API: one grant covers one organization, its projects are what is scanned. */
export const supabase = {
  id: 'supabase',
  name: 'Supabase',
  description: 'Checks row level security, sign-in rules, the Data API, network access and backups of your projects.',
  neverRead: [
    'Rows of your tables, files in your buckets and the code of your functions',
    'Keys, passwords and JWT secrets: of answers that carry some, only the fields that a check needs are kept',
    'Your users: neither their names nor their addresses',
  ],
  brand: { icon: 'simple-icons:supabase', connectLabel: 'Connect Supabase' },
  hosts: { api: 'https://api.supabase.com' },
  authorization,
  setup: {
    steps: [
      'In the Supabase dashboard open your organization\'s settings and choose OAuth Apps.',
      'Add an application; enter the redirect address shown here as its authorization callback URL.',
      'Tick the read permissions listed here, and no others.',
      'Copy the client id and the client secret, which is shown once, into SUPABASE_CLIENT_ID and SUPABASE_CLIENT_SECRET.',
      'Restart this installation.',
    ],
    url: 'https://supabase.com/dashboard/org/_/apps',
  },
  secrets: ['access_token', 'refresh_token'],
  accountKind: 'organization slug',
  discovery: [organizations, projects],
  account,
  resources,
  unavailable,
  checks,
  signals,
  defaultChecks: ['rls', 'auth', 'api_security', 'network', 'backup', 'access_control', 'supply_chain', 'data_protection'],
  defaultSchedule: '0 6 * * *',
  retryAfter,
  limits,
} satisfies Connector
