import type { SandboxAccount } from './account'
import { channels, fixtures, idOf, people } from './make'

const preferences = { display_real_names: true, disable_file_uploads: 'allow_all', allow_message_deletion: true, msg_edit_window_mins: -1, who_can_post_general: 'ra' }

/**
 * An organization that installed the app for its workspaces: one with single sign-on and too many admins, and one that grew by
 * itself, where a text message is the owner's second factor and anybody with a mail account can join.
 */
export const halyard: SandboxAccount = {
  kind: 'organization',
  id: 'E08HALYARD00',
  name: 'Halyard Group',
  domain: 'halyard',
  installer: { id: idOf('U', 'ingrid.solberg'), handle: 'ingrid.solberg', admin: true },
  workspaces: [
    {
      id: 'T08HALYRDENG',
      name: 'Halyard Engineering',
      domain: 'halyard-engineering',
      emailDomain: '',
      sso: { type: 'saml', name: 'okta', label: 'Okta' },
      people: [
        ...fixtures,
        ...people('ingrid.solberg', { role: 'owner', factor: null }),
        ...people('bao.tran celine.moreau diego.silva esra.yilmaz finn.oconnor gita.rao', { role: 'admin', factor: null }),
        ...people('hiro.sato ida.berg jamal.reed kaja.nowak lars.moen mina.park nils.ekman olga.ivanova paulo.costa quinn.baker rosa.diaz', { factor: null }),
        ...people('sven.aas tova.lind uma.nair vito.russo', { factor: null }),
      ],
      channels: [
        ...channels('general random builds deploys on-call architecture reviews'),
        ...channels('vendor-northpeak', { shared: 'pending' }),
        ...channels('security-response', { isPrivate: true }),
      ],
      preferences,
    },
    {
      id: 'T08HALYRDCOM',
      name: 'Halyard Community',
      domain: 'halyard-community',
      emailDomain: 'halyard.example,gmail.com',
      sso: null,
      people: [
        ...fixtures,
        ...people('ingrid.solberg', { role: 'owner', factor: 'sms' }),
        ...people('bea.lopez carl.jung.jr dora.maar', { factor: null }),
        ...people('ed.hopper flo.knight', { factor: 'sms', emailConfirmed: false }),
        ...people('guest.one guest.two guest.three guest.four', { role: 'guest', factor: null }),
      ],
      channels: [
        ...channels('general welcome events'),
        ...channels('partners sponsors', { shared: 'external' }),
      ],
      preferences,
    },
  ],
}
