import type { Connector } from '../contract'
import { authorization } from './authorization'
import { checks } from './checks'
import { account, resources, unavailable } from './discovery'
import { projects, user } from './endpoints'

/** GitLab, or a GitLab of one's own by GITLAB_API_URL: one grant covers the projects that one person maintains. */
export const gitlab = {
  id: 'gitlab',
  name: 'GitLab',
  description: 'Checks protected branches, job tokens and merge checks of your projects. Never reads a file.',
  brand: { icon: 'simple-icons:gitlab', connectLabel: 'Connect GitLab' },
  hosts: { api: 'https://gitlab.com' },
  authorization,
  setup: {
    steps: [
      'In GitLab open Applications in the settings of a group or of your profile, and add a new application.',
      'Enter the redirect address shown here, leave "Confidential" ticked, and tick the permission listed here and no other.',
      'Copy the application id and the secret, which is shown once, into GITLAB_CLIENT_ID and GITLAB_CLIENT_SECRET.',
      'Restart this installation.',
    ],
    url: 'https://docs.gitlab.com/integration/oauth_provider/',
  },
  secrets: ['access_token', 'refresh_token'],
  accountKind: 'user id',
  discovery: [user, projects],
  account,
  resources,
  unavailable,
  checks,
  defaultChecks: ['supply_chain', 'access_control'],
  defaultSchedule: '0 6 * * *',
  // https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/#response-headers
  retryAfter: (headers) => {
    const seconds = headers.get('retry-after') ?? ''
    return /^\d{1,5}$/.test(seconds) ? Number(seconds) : null
  },
} satisfies Connector
