import { defineCheck } from '../../contract'
import { capped, fail, notApplicable, pass, plural, sentence, unverified } from '../../verdict'
import { hooks } from '../endpoints'

export const hooksSecure = defineCheck({
  id: 'netlify_hooks_secure',
  title: 'Outgoing webhooks are encrypted and signed',
  severity: 'medium',
  category: 'api_security',
  rationale: 'Without a signature the receiver cannot tell Netlify\'s calls from anybody else\'s; over clear text everyone on the way reads and changes them. What hangs on such a call can then be set off by strangers.',
  remediation: {
    steps: [
      'Open Project configuration, Notifications, and edit the HTTP POST requests named in the evidence.',
      'Give an https address and a JWS secret token.',
      'Let the receiver check X-Webhook-Signature and the body\'s hash in it.',
    ],
    url: 'https://docs.netlify.com/site-deploys/notifications/#payload-signature',
  },
  soc2: { criteria: ['CC6.7'], own: true },
  iso27001: { controls: ['A.5.14', 'A.8.24'], own: true },
  kinds: ['site'],
  reads: { hooks },
  evaluate: ({ hooks: all }) => {
    const unknown = all.filter(hook => !hook.type)
    const outgoing = all.filter(hook => hook.type === 'url' && hook.disabled !== true)
    const describe = (hook: typeof all[number]) => `${hook.event ?? 'unknown event'} to ${hook.data?.url?.host ?? 'an unread address'}`
    const clear = outgoing.filter(hook => hook.data?.url?.encrypted === false)
    // A secret that is missing and one that is not shown look alike: only an empty one is known to be none.
    const unsigned = outgoing.filter(hook => hook.data?.signature_secret === false || hook.data?.signature_secret === null)
    const unread = outgoing.filter(hook => !hook.data?.url || hook.data.signature_secret === undefined)

    const evidence = {
      outgoing: outgoing.length,
      ...(clear.length > 0 && { clear_text: capped(clear.map(describe)) }),
      ...(unsigned.length > 0 && { unsigned: capped(unsigned.map(describe)) }),
      ...(unread.length > 0 && { unread: capped(unread.map(describe)) }),
    }
    const wrong = [
      ...(clear.length > 0 ? [`${plural(clear.length, 'webhook goes', 'webhooks go')} out in clear text`] : []),
      ...(unsigned.length > 0 ? [`${plural(unsigned.length, 'webhook carries', 'webhooks carry')} no signature`] : []),
    ]
    if (wrong.length > 0) return fail(sentence(wrong), evidence)
    if (unknown.length > 0 || unread.length > 0) return unverified(`Netlify's answer did not say everything about ${plural(unknown.length + unread.length, 'notification')}.`, evidence)
    if (outgoing.length === 0) return notApplicable('The site has no outgoing webhook.')
    return pass('Every outgoing webhook is encrypted and signed.', evidence)
  },
})
