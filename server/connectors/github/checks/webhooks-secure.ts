import { defineCheck } from '../../contract'
import { capped, fail, notApplicable, pass, plural, unverified } from '../../verdict'
import { organizationHooks } from '../endpoints'

export const webhooksSecure = defineCheck({
  id: 'github_webhooks_secure',
  title: 'The organization\'s webhooks are encrypted, verified and signed',
  severity: 'medium',
  category: 'api_security',
  rationale: 'Webhooks carry who did what in your code. Without TLS anybody on the way reads them; without a secret anybody can make them up.',
  remediation: {
    steps: [
      'Give each webhook named in the evidence an https address and switch on SSL verification.',
      'Set a secret, and have the receiver check X-Hub-Signature-256.',
      'Remove webhooks that nobody receives any more.',
    ],
    url: 'https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks',
  },
  soc2: { criteria: ['CC6.7'], own: true },
  cis: [{ benchmark: 'CIS GitHub 1.2.0', ids: ['1.4.4'] }],
  iso27001: { controls: ['A.5.14', 'A.8.20', 'A.8.24'], own: true },
  kinds: ['organization'],
  reads: { organizationHooks },
  evaluate: ({ organizationHooks: hooks }) => {
    const active = hooks.filter(hook => hook.active !== false)
    if (active.length === 0) return notApplicable('The organization has no active webhook.', { webhooks: hooks.length })
    const named = (test: (config: NonNullable<typeof active[number]['config']>) => boolean) =>
      active.filter(({ config }) => config && test(config)).map(({ config }) => config?.host ?? 'address not stated')
    const wrong = { not_https: named(config => config.https === false), tls_not_verified: named(config => config.verifies_tls === false), not_signed: named(config => config.signed === false) }
    const unread = active.filter(({ config }) => config?.https === undefined || config.verifies_tls === undefined || config.signed === undefined).length
    const evidence = { webhooks: active.length, not_https: capped(wrong.not_https), tls_not_verified: capped(wrong.tls_not_verified), not_signed: capped(wrong.not_signed) }
    const bad = active.filter(({ config }) => config && (config.https === false || config.verifies_tls === false || config.signed === false)).length
    if (bad > 0) return fail(`${plural(bad, 'webhook is', 'webhooks are')} not encrypted, not verified or not signed.`, evidence)
    if (unread > 0) return unverified(`GitHub did not say how ${plural(unread, 'webhook')} is sent.`, evidence)
    return pass('Every webhook goes to an https address, which is verified, and is signed.', evidence)
  },
})
