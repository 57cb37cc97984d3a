import { defineCheck } from '../../contract'
import { readChannels } from '../channels'
import { privateChannels, publicChannels } from '../endpoints'
import { fail, pass, plural, unverified } from '../../verdict'

export const pendingShares = defineCheck({
  id: 'slack_pending_shares',
  title: 'No invitation to share a channel is waiting',
  severity: 'low',
  category: 'data_protection',
  rationale: 'An invitation that waits is a door that somebody outside may still open, long after the one who sent it forgot about it.',
  remediation: {
    steps: [
      'Open Slack Connect, Requests or Invitations, and look for the channels named in the evidence.',
      'Approve what is wanted and decline or withdraw the rest.',
      'In Workspace settings, Permissions, Slack Connect channels choose who may approve.',
    ],
    url: 'https://slack.com/help/articles/115005912706-Slack-Connect--Manage-channel-approval-settings-and-invitation-requests',
  },
  soc2: { criteria: ['CC6.6'], own: true },
  reads: { publicChannels, privateChannels },
  evaluate: ({ publicChannels, privateChannels }) => {
    const { found, unread, evidence } = readChannels(publicChannels, privateChannels, 'is_pending_ext_shared')
    if (found > 0) return fail(`${plural(found, 'channel waits', 'channels wait')} to be shared with another organization.`, evidence)
    if (unread) return unverified(unread, evidence)
    return pass('Of the channels that the app can see none waits to be shared.', evidence)
  },
})
