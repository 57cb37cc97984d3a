import { describe, expect, it } from 'vitest'
import { slack } from '#server/connectors/slack'
import { type Bodies, evaluate, inOrganization, workspace } from './evaluate'
import { admin, bot, channel, channels, guest, list, member, owner, passing, preferences, team, user } from './passing'

type Row = [when: string, bodies: Bodies, verdict: string, says: RegExp]

const many = (count: number, changes: object = {}) => Array.from({ length: count }, (_, index) => user(`p${index}`, { ...changes }))
const seen = (...people: Record<string, unknown>[]) => ({ members_as_admin: list(...people), workspace: team() })
const listed = (...people: Record<string, unknown>[]) => ({ members: list(...people) })
const shared = (open: object[], closed: object[] = []) => ({ public_channels: channels(...open), private_channels: channels(...closed) })
const joining = (email_domain: unknown) => ({ workspace: team({ email_domain }) })
const prefs = (changes: object) => ({ preferences: preferences(changes) })
const sso = (provider: unknown, ...people: Record<string, unknown>[]) => ({ members_as_admin: list(...people), workspace: team({ sso_provider: provider }) })
const without = user('wim', { has_2fa: false })
const unseen = user('una', { has_2fa: undefined })
const byText = user('tex', { is_admin: true, two_factor_type: 'sms' })

const noPeople: Row[] = [
  ['nobody is listed', { members: list(), members_as_admin: list(), workspace: team() }, 'error', /nobody|did not say/],
  ['only bots are listed', { members: list(bot), members_as_admin: list(bot), workspace: team() }, 'error', /nobody|did not say/],
  ['everybody is of another organization', { members: list(user('x', { team_id: 'T0OTHER' })), members_as_admin: list(user('x', { team_id: 'T0OTHER' })), workspace: team() }, 'error', /nobody|did not say/],
  ['the answer is empty', { members: {}, members_as_admin: {}, workspace: team() }, 'rejected', /members/],
  ['the cursor is odd', { members: { ...list(owner), response_metadata: { next_cursor: 7 } }, members_as_admin: { ...list(owner), response_metadata: { next_cursor: 7 } }, workspace: team() }, 'rejected', /members/],
  ['a person is malformed', { members: list(owner, { name: 'no id' }), members_as_admin: list(owner, { name: 'no id' }), workspace: team() }, 'rejected', /members/],
  ['it is a refusal', { members: { ok: false, error: 'x' }, members_as_admin: { ok: false, error: 'x' }, workspace: team() }, 'rejected', /members/],
]

const tables: Record<string, Row[]> = {
  slack_members_2fa: [
    ['somebody has none', seen(owner, without), 'fail', /1 person uses no/],
    ['two have none', seen(owner, without, guest, user('zoe', { has_2fa: false })), 'fail', /2 people use no/],
    ['it fails although one is not said', seen(owner, without, unseen), 'fail', /1 person/],
    ['who was invited, deactivated or is a bot does not count', seen(owner, bot, user('new', { is_invited_user: true, has_2fa: false }), user('old', { deleted: true, has_2fa: false })), 'pass', /Everybody/],
    ['Slackbot does not count', seen(owner, user('slackbot', { id: 'USLACKBOT', has_2fa: false })), 'pass', /Everybody/],
    ['people of other organizations do not count', seen(owner, user('pat', { team_id: 'T0OTHER', has_2fa: undefined }), user('sam', { is_stranger: true, has_2fa: undefined })), 'pass', /Everybody/],
    ['whose kind is not said counts', seen(owner, user('odd', { is_bot: undefined, has_2fa: false })), 'fail', /1 person/],
    ['no owner or admin asked', seen(user('a', { has_2fa: undefined }), user('b', { has_2fa: undefined })), 'error', /reconnect/],
    ['it is not said of one', seen(owner, unseen), 'error', /1 person/],
    ['people sign in through an identity provider', sso({ type: 'saml', name: 'okta' }, owner, without), 'not_applicable', /identity provider/],
    ['all have one although they sign in through a provider', sso({ type: 'saml' }, owner), 'pass', /Everybody/],
    ['the provider is said to be none', sso({ type: 'none' }, owner, without), 'fail', /1 person/],
    ['the provider is null', sso(null, owner, without), 'fail', /1 person/],
    ['the provider is malformed', sso('okta', owner, without), 'error', /identity provider/],
    ['the provider has no type', sso({}, owner, without), 'error', /identity provider/],
    ...noPeople,
  ],
  slack_admins_2fa: [
    ['the owner has none', seen({ ...owner, has_2fa: false }, admin), 'fail', /1 owner or admin/],
    ['an admin gets a text message', seen(owner, byText), 'fail', /1 owner or admin/],
    ['a member without does not matter here', seen(owner, without), 'pass', /Every owner/],
    ['the kind of factor is not said', seen(owner, user('adi', { is_admin: true, two_factor_type: undefined })), 'error', /which second factor/],
    ['the kind of factor is new', seen(owner, user('adi', { is_admin: true, two_factor_type: 'telepathy' })), 'error', /which second factor/],
    ['a role is not said', seen(owner, user('ann', { is_admin: undefined })), 'error', /who is an owner/],
    ['no owner is named', seen(member), 'error', /who is an owner/],
    ['no owner or admin asked', seen(user('a', { has_2fa: undefined, is_owner: true })), 'error', /reconnect/],
    ['people sign in through an identity provider', sso({ type: 'saml' }, { ...owner, has_2fa: false }), 'not_applicable', /identity provider/],
    ...noPeople,
  ],
  slack_emails_confirmed: [
    ['one is not', listed(owner, user('eve', { is_email_confirmed: false })), 'fail', /1 person has/],
    ['who was invited has not yet', listed(owner, user('new', { is_invited_user: true, is_email_confirmed: false })), 'pass', /confirmed/],
    ['it is not said', listed(owner, user('eve', { is_email_confirmed: undefined })), 'error', /1 person/],
    ['it is a word', listed(user('eve', { is_email_confirmed: 'yes' })), 'error', /1 person/],
    ...noPeople,
  ],
  slack_admin_count: [
    ['there is one', listed(owner, member), 'fail', /Only one/],
    ['there are five', listed(owner, ...many(4, { is_admin: true })), 'fail', /5 people/],
    ['five are few among a hundred', listed(owner, ...many(4, { is_admin: true }), ...Array.from({ length: 95 }, (_, index) => user(`m${index}`))), 'pass', /5 people/],
    ['there are five, and one role is not said', listed(owner, ...many(4, { is_admin: true }), user('x', { is_owner: null })), 'fail', /5 people/],
    ['there are two, and one role is not said', listed(owner, admin, user('x', { is_admin: undefined })), 'error', /who is an owner/],
    ['there is none', listed(member), 'error', /no owner/],
    ...noPeople,
  ],
  slack_guest_inventory: [
    ['one of four', listed(owner, admin, member, guest), 'fail', /1 of 4 people is a guest/],
    ['a guest of one channel is one', listed(owner, admin, member, user('u', { is_ultra_restricted: true })), 'fail', /1 of 4/],
    ['there is none', listed(owner, admin, member), 'not_applicable', /no guest/],
    ['it is not said of one', listed(owner, admin, member, user('x', { is_restricted: undefined })), 'error', /1 person/],
    ...noPeople,
  ],
  slack_sign_up_closed: [
    ['anybody with a mail account', joining('acme.example, GMail.com'), 'fail', /gmail\.com/],
    ['an at sign in front', joining('@outlook.com'), 'fail', /outlook\.com/],
    ['by invitation only', joining(''), 'pass', /invitation only/],
    ['a domain that only ends alike', joining('notgmail.com'), 'pass', /approved domains/],
    ['it is not said', joining(undefined), 'error', /did not say/],
    ['it is null', joining(null), 'error', /did not say/],
    ['it is a list', joining(['gmail.com']), 'error', /did not say/],
    ['malformed', { workspace: { ok: true } }, 'rejected', /workspace/],
    ['empty', { workspace: {} }, 'rejected', /workspace/],
  ],
  slack_external_channels: [
    ['a public one', shared([channel('general'), channel('supplier', { is_ext_shared: true })]), 'fail', /1 channel is/],
    ['a private one', shared([channel('general')], [channel('deal', { is_ext_shared: true })]), 'fail', /1 channel is/],
    ['one that only waits is not shared yet', shared([channel('general', { is_pending_ext_shared: true })]), 'pass', /none is shared/],
    ['the app was added to no private one', shared([channel('general')]), 'pass', /can see/],
    ['it is not said of one', shared([channel('general'), channel('x', { is_ext_shared: undefined })]), 'error', /1 channel/],
    ['no channel is listed', shared([]), 'error', /no channel/],
    ['malformed', shared([{ name: 'no id' }]), 'rejected', /public_channels/],
    ['empty', { public_channels: {}, private_channels: {} }, 'rejected', /public_channels/],
  ],
  slack_pending_shares: [
    ['one waits', shared([channel('general'), channel('vendor', { is_pending_ext_shared: true })]), 'fail', /1 channel waits/],
    ['two wait', shared([channel('a', { is_pending_ext_shared: true })], [channel('b', { is_pending_ext_shared: true })]), 'fail', /2 channels wait/],
    ['one that is shared waits no more', shared([channel('general', { is_ext_shared: true })]), 'pass', /none waits/],
    ['it is not said of one', shared([channel('general', { is_pending_ext_shared: 'no' })]), 'error', /1 channel/],
    ['no channel is listed', shared([]), 'error', /no channel/],
    ['empty', { public_channels: {}, private_channels: {} }, 'rejected', /public_channels/],
  ],
  slack_message_integrity: [
    ['everybody deletes', prefs({ allow_message_deletion: true }), 'fail', /may delete/],
    ['editing at any time', prefs({ msg_edit_window_mins: -1 }), 'fail', /any time/],
    ['no editing at all', prefs({ msg_edit_window_mins: 0 }), 'pass', /limited/],
    ['a number that nobody knows', prefs({ msg_edit_window_mins: -7 }), 'error', /msg_edit_window_mins/],
    ['a word', prefs({ msg_edit_window_mins: 'never' }), 'error', /msg_edit_window_mins/],
    ['deletion is not said', prefs({ allow_message_deletion: undefined }), 'error', /allow_message_deletion/],
    ['empty', { preferences: {} }, 'rejected', /preferences/],
  ],
  slack_general_posting: [
    ['everybody', prefs({ who_can_post_general: 'ra' }), 'fail', /Everybody/],
    ['everybody but guests', prefs({ who_can_post_general: 'regular' }), 'fail', /Everybody/],
    ['owners', prefs({ who_can_post_general: 'owner' }), 'pass', /Only some/],
    ['admins and two people', prefs({ who_can_post_general: 'type:admin,user:U1234,user:W99' }), 'pass', /Only some/],
    ['a word that nobody knows', prefs({ who_can_post_general: 'wizards' }), 'error', /known/],
    ['a known word beside an unknown one', prefs({ who_can_post_general: 'admin,wizards' }), 'error', /known/],
    ['nothing', prefs({ who_can_post_general: '' }), 'error', /known/],
    ['it is not said', prefs({ who_can_post_general: undefined }), 'error', /known/],
    ['empty', { preferences: {} }, 'rejected', /preferences/],
  ],
}

it('has a table for every check', () => {
  expect(Object.keys(tables).sort()).toEqual(slack.checks.map(check => check.id).sort())
  expect(Object.keys(passing).sort()).toEqual(slack.checks.map(check => check.id).sort())
})

describe.each(Object.entries(tables))('%s', (id, rows) => {
  it('passes when all is well', () => {
    expect(evaluate(id, passing[id] ?? {})).toMatchObject({ verdict: 'pass' })
  })

  it.each(rows)('%s', (_when, bodies, verdict, says) => {
    const outcome = evaluate(id, bodies)
    expect(outcome).toMatchObject({ verdict })
    expect(outcome.summary).toMatch(says)
    expect(JSON.stringify(outcome)).not.toContain('secret detail')
  })
})

describe('in an organization', () => {
  it.each(['slack_message_integrity', 'slack_general_posting'])('%s cannot be told from what its token is shown', (id) => {
    for (const bodies of [passing[id] ?? {}, prefs({ who_can_post_general: 'ra', allow_message_deletion: true })]) {
      expect(evaluate(id, bodies, inOrganization)).toMatchObject({ verdict: 'error', evidence: { reason: 'install' } })
    }
  })

  it('people whose home is another workspace of it count', () => {
    const elsewhere = user('ed', { team_id: 'T0OTHER', has_2fa: false, enterprise_user: { enterprise_id: 'E012AB3C4' } })
    expect(evaluate('slack_members_2fa', seen(owner, elsewhere), inOrganization)).toMatchObject({ verdict: 'fail' })
    expect(evaluate('slack_members_2fa', seen(owner, user('el', { team_id: 'E012AB3C4', has_2fa: false })), inOrganization)).toMatchObject({ verdict: 'fail' })
    expect(evaluate('slack_members_2fa', seen(owner, { ...elsewhere, enterprise_user: { enterprise_id: 'E0STRANGE' } }), inOrganization)).toMatchObject({ verdict: 'pass', evidence: { external: 1 } })
    expect(evaluate('slack_members_2fa', seen(owner, elsewhere), workspace)).toMatchObject({ verdict: 'pass', evidence: { external: 1 } })
  })
})

describe('evidence', () => {
  it('names people by handle and id, and counts who was left out', () => {
    const { evidence } = evaluate('slack_members_2fa', seen(owner, without, user('new', { is_invited_user: true }), user('pat', { team_id: 'T0OTHER' })))
    expect(evidence).toEqual({ people: 2, invited: 1, external: 1, without_second_factor: { total: 1, shown: ['wim (U0WIM)'] } })
  })

  it('says how many private channels the app could see', () => {
    expect(evaluate('slack_external_channels', shared([channel('general')], [channel('a'), channel('b')])).evidence).toMatchObject({ public_channels: 1, private_channels_seen: 2 })
  })

  it('is cut to a length that can be stored, with the true number beside it', () => {
    const { evidence } = evaluate('slack_members_2fa', seen(...many(400, { has_2fa: false })))
    expect(evidence).toMatchObject({ without_second_factor: { total: 400 } })
    expect(JSON.stringify(evidence).length).toBeLessThan(5000)
  })
})
