import type { Connector } from '../contract'
import { authorization } from './authorization'
import { checks } from './checks'
import { account, resources, unavailable } from './discovery'
import { accounts, sites, user } from './endpoints'
import { limits, retryAfter } from './rate-limit'
import { refusal } from './refusal'
import { signals } from './signals'

/** Netlify: one grant covers one person, what is scanned is that person's teams (`account`) and their sites (`site`). */
export const netlify = {
  id: 'netlify',
  name: 'Netlify',
  description: 'Checks HTTPS, certificates, who sees previews, builds from forks, secret variables and the members of your teams.',
  neverRead: [
    'Source files, deploys and build logs',
    'Values of environment variables, passwords of sites, tokens of deploy hooks: Netlify sends some along, and none is kept',
    'Submissions of forms',
  ],
  brand: { icon: 'simple-icons:netlify', connectLabel: 'Connect Netlify' },
  hosts: { api: 'https://api.netlify.com', auth: 'https://app.netlify.com' },
  authorization,
  refusal,
  setup: {
    steps: [
      'In Netlify open User settings, Applications, and choose New OAuth application.',
      'Enter the redirect address shown here as its redirect URI.',
      'Copy the client id and the client secret into NETLIFY_CLIENT_ID and NETLIFY_CLIENT_SECRET.',
      'Restart this installation.',
    ],
    url: 'https://app.netlify.com/user/applications',
  },
  secrets: ['access_token', 'refresh_token'],
  accountKind: 'user id',
  discovery: [user, accounts, sites],
  account,
  resources,
  unavailable,
  checks,
  signals,
  defaultChecks: ['network', 'auth', 'access_control', 'supply_chain', 'data_protection', 'api_security', 'monitoring'],
  defaultSchedule: '0 6 * * *',
  retryAfter,
  limits,
} satisfies Connector
