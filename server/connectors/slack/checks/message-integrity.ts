import { defineCheck } from '../../contract'
import { preferences } from '../endpoints'
import { ofWholeOrganization } from '../preferences'
import { holds, judge } from '../../verdict'

/** `msg_edit_window_mins` of a workspace in which messages may be edited at any time. */
const anyTime = -1

export const messageIntegrity = defineCheck({
  id: 'slack_message_integrity',
  title: 'Messages cannot be deleted, or edited for ever',
  severity: 'low',
  category: 'data_protection',
  rationale: 'What was decided or ordered in a message can be taken back without a trace where everybody may delete and rewrite what they wrote.',
  remediation: {
    steps: [
      'In Workspace settings, Permissions expand the settings of message editing and deletion.',
      'Let people edit for a limited time, and leave deletion to owners and admins.',
    ],
    url: 'https://slack.com/help/articles/115004868646-Manage-permissions-for-message-editing-and-deletion',
  },
  soc2: { criteria: ['CC7.3'], own: true },
  reads: { preferences },
  evaluate: ({ preferences }, { resource }) => {
    const { allow_message_deletion: deletion, msg_edit_window_mins: minutes } = preferences
    return ofWholeOrganization(resource) ?? judge([
      { field: 'allow_message_deletion', ok: holds(deletion, allowed => !allowed), wrong: 'everybody may delete their messages' },
      { field: 'msg_edit_window_mins', ok: editing(minutes), wrong: 'messages may be edited at any time' },
    ], 'Only owners and admins delete messages, and editing is limited in time.', {
      allow_message_deletion: deletion ?? null,
      msg_edit_window_mins: minutes ?? null,
    })
  },
})

/** Minutes; 0: never. A negative number that we do not know says nothing. */
function editing(minutes: number | null | undefined): boolean | undefined {
  if (minutes === anyTime) return false
  return typeof minutes === 'number' && minutes >= 0 ? true : undefined
}
