import { defineCheck } from '../../contract'
import { readChannels } from '../channels'
import { privateChannels, publicChannels } from '../endpoints'
import { fail, pass, plural, unverified } from '../../verdict'

export const externalChannels = defineCheck({
  id: 'slack_external_channels',
  title: 'No channel is shared with another organization',
  severity: 'medium',
  category: 'data_protection',
  rationale: 'Everything that is written in a shared channel is also kept by the other organization, under its rules and behind its doors.',
  remediation: {
    steps: [
      'Go through the channels named in the evidence: who is on the other side, and is the work still going on?',
      'Stop sharing those that ended.',
      'Where all that remain are wanted, switch this check off; the one on waiting invitations still tells of new ones.',
    ],
    url: 'https://slack.com/help/articles/360026489273-Stop-sharing-channels-with-another-organization',
  },
  soc2: { criteria: ['CC6.6', 'CC6.7'], own: true },
  reads: { publicChannels, privateChannels },
  evaluate: ({ publicChannels, privateChannels }) => {
    const { found, unread, evidence } = readChannels(publicChannels, privateChannels, 'is_ext_shared')
    if (found > 0) return fail(`${plural(found, 'channel is', 'channels are')} shared with another organization.`, evidence)
    if (unread) return unverified(unread, evidence)
    return pass('Of the channels that the app can see none is shared with another organization.', evidence)
  },
})
