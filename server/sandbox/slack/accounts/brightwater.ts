import type { SandboxAccount } from './account'
import { channels, fixtures, idOf, people } from './make'

/** One workspace, looked after. Open: two people without a second factor, two shared channels, and messages that can be taken back. */
export const brightwater: SandboxAccount = {
  kind: 'workspace',
  id: 'T07BRGHTWTR0',
  name: 'Brightwater Labs',
  domain: 'brightwater-labs',
  installer: { id: idOf('U', 'ines.okafor'), handle: 'ines.okafor', admin: true },
  workspaces: [{
    id: 'T07BRGHTWTR0',
    name: 'Brightwater Labs',
    domain: 'brightwater-labs',
    emailDomain: 'brightwater.example,labs.brightwater.example',
    sso: null,
    people: [
      ...fixtures,
      ...people('ines.okafor', { role: 'owner' }),
      ...people('tomas.lindqvist noor.haddad', { role: 'admin' }),
      ...people('mei.tanaka ravi.castellano lucia.ferro anders.holm yuki.mori dana.weiss femi.adeyemi clara.vogt sam.okoye piotr.zielinski aisha.khan hugo.martel'),
      ...people('elena.petrova jonas.brandt tariq.aziz signe.dahl marco.riva hana.novak omar.saleh greta.lund', { factor: 'sms' }),
      ...people('leo.santos wren.abara', { factor: null }),
      ...people('kim.contractor audit.partner design.studio', { role: 'guest' }),
      ...people('new.hire', { role: 'invited', factor: null, emailConfirmed: false }),
      ...people('former.colleague old.intern', { role: 'deactivated', factor: null }),
      ...people('pat.at.supplier', { role: 'external', factor: null }),
    ],
    channels: [
      ...channels('general random engineering support sales marketing design hiring incidents releases finance office travel lunch books running music gardening photography security data mobile'),
      ...channels('supplier-harbourlight audit-2026', { shared: 'external' }),
      ...channels('leadership', { isPrivate: true }),
      ...channels('old-project', { archived: true, shared: 'external' }),
    ],
    preferences: { display_real_names: true, disable_file_uploads: 'allow_all', allow_message_deletion: true, msg_edit_window_mins: 60, who_can_post_general: 'admin' },
  }],
}
