import type { Connector } from '../contract'
import { authorization, userScopes } from './authorization'
import { checks } from './checks'
import { account, resources } from './discovery'
import { identity, workspace, workspaces } from './endpoints'
import { limits, retryAfter } from './rate-limit'
import { refusal } from './refusal'
import { webhooks } from './webhooks'

/** Slack by its Web API: one grant covers a workspace, or an organization's workspaces. Messages and files are never read. */
export const slack = {
  id: 'slack',
  name: 'Slack',
  description: 'Checks second factors, admins, guests, shared channels and message settings of your workspace. Never reads a message.',
  neverRead: [
    'Messages and files: no permission is asked for that could read them',
    'Email addresses, telephone numbers and pictures: Slack sends some along, and none is kept',
    'Topics of channels and who is in them',
  ],
  brand: { icon: 'simple-icons:slack', connectLabel: 'Add to Slack' },
  hosts: { api: 'https://slack.com', auth: 'https://slack.com' },
  authorization,
  settings: [{
    name: 'SIGNING_SECRET',
    description: 'Under Basic Information, App Credentials of the Slack app. With it Slack can tell us at once when the app is removed.',
    secret: true,
    required: false,
  }],
  refusal,
  webhooks,
  setup: {
    steps: [
      'At api.slack.com/apps choose Create New App, from scratch, in a workspace of yours.',
      'Under OAuth & Permissions add the redirect address shown here, and the permissions listed here as bot token scopes.',
      `There add ${userScopes.join(', ')} as user token scope as well: Slack shows second factors to people, not to apps. Leave PKCE off.`,
      'Under Manage Distribution activate public distribution, so that other workspaces than yours can connect.',
      'Copy the client id and the client secret from Basic Information into SLACK_CLIENT_ID and SLACK_CLIENT_SECRET, and the signing secret into SLACK_SIGNING_SECRET.',
      'Restart this installation. Connect as an owner or admin of the workspace.',
    ],
    url: 'https://api.slack.com/apps',
  },
  secrets: ['access_token', 'refresh_token', 'user_access_token', 'user_refresh_token'],
  accountKind: 'workspace or organization id',
  discovery: [identity, workspace, workspaces],
  account,
  resources,
  unavailable: () => null,
  checks,
  defaultChecks: ['auth', 'access_control', 'data_protection'],
  defaultSchedule: '0 6 * * *',
  retryAfter,
  limits,
} satisfies Connector
