import type { Connector } from '../contract'
import { authorization } from './authorization'
import { checks } from './checks'
import { account, resources, unavailable } from './discovery'
import { installationRepositories, installations, membership, user, userOrganizations, userRepositories } from './endpoints'
import { privateKeyFault } from './installation-token'
import { limits, retryAfter } from './rate-limit'
import { refusal } from './refusal'
import { signals } from './signals'
import { webhooks } from './webhooks'

/** GitHub, or GitHub Enterprise Server: an organization and its repositories, through a GitHub App or an OAuth App. */
export const github = {
  id: 'github',
  name: 'GitHub',
  description: 'Checks second factors, branch protection, reviews, leaked secrets, dependencies and workflows of your organization.',
  neverRead: [
    'Code, issues and pull requests',
    'Secrets: of a leaked one, only that the alert is open',
    'Email addresses',
  ],
  brand: { icon: 'simple-icons:github', connectLabel: 'Connect GitHub' },
  // On GitHub Enterprise Server the API has a path: https://github.example.com/api/v3.
  hosts: { api: 'https://api.github.com', auth: 'https://github.com' },
  authorization,
  settings: [
    {
      name: 'APP_SLUG',
      description: 'The GitHub App\'s name in its address, github.com/apps/<name>: connecting then starts with installing it. Leave it empty for an OAuth App. On GitHub Enterprise Server: github-apps/<name>.',
      secret: false,
      required: false,
      pattern: /^(?:[\w-]+\/)?[\w-]+$/,
    },
    {
      name: 'PRIVATE_KEY',
      description: 'A private key of the GitHub App: its PEM file\'s text, with \\n for its line ends, or in base64 (base64 -w0 your-app.private-key.pem). Scans of what owners have connected then read as the installation, with its own limits, and not as the person.',
      secret: true,
      required: false,
      fault: privateKeyFault,
    },
    { name: 'WEBHOOK_SECRET', description: 'The secret of the GitHub App\'s webhook. Without it changes are seen at the next scan only.', secret: true, required: false },
  ],
  everyCall: { headers: { 'accept': 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' } },
  refusal,
  webhooks,
  setup: {
    steps: [
      'On GitHub open Settings of your organization, Developer settings, GitHub Apps, and choose New GitHub App.',
      'Enter the redirect address shown here as its callback URL, and tick "Request user authorization (OAuth) during installation".',
      'Give it the permissions listed here, each as read-only, and no others.',
      'Generate a client secret and copy it with the client id into GITHUB_CLIENT_SECRET and GITHUB_CLIENT_ID, and the app\'s name in its address into GITHUB_APP_SLUG.',
      'For large organizations: generate a private key and put it into GITHUB_PRIVATE_KEY; each installation then has limits of its own.',
      'For changes at once: set the webhook address shown here, with a secret that you put into GITHUB_WEBHOOK_SECRET.',
      'Restart this installation.',
    ],
    url: 'https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app/registering-a-github-app',
  },
  secrets: ['access_token', 'refresh_token'],
  accountKind: 'account id',
  discovery: [installations, user, membership, installationRepositories, userOrganizations, userRepositories],
  account,
  resources,
  unavailable,
  checks,
  signals,
  defaultChecks: ['auth', 'access_control', 'supply_chain', 'data_protection', 'api_security'],
  defaultSchedule: '0 5 * * *',
  retryAfter,
  limits,
} satisfies Connector
