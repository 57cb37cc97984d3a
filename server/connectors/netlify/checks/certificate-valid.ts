import { defineCheck } from '../../contract'
import { fail, holds, judge, notApplicable, unverified } from '../../verdict'
import { certificate, siteSettings } from '../endpoints'
import { covers, ownDomain } from '../site'

const day = 86_400_000
/** Own threshold: Netlify renews well before; two weeks are enough to act when it does not. */
const least = 14 * day

/** `issued` by Netlify, or `custom`: the owner's own. */
const good = ['issued', 'custom']

export const certificateValid = defineCheck({
  id: 'netlify_certificate_valid',
  title: 'The site\'s own domain has a certificate for at least two more weeks',
  severity: 'high',
  category: 'network',
  rationale: 'On the day a certificate ends browsers refuse the site. Renewals fail silently: by changed DNS records, or because nobody remembers a certificate of one\'s own.',
  remediation: {
    steps: [
      'Open the project\'s Domain management and look under HTTPS for the certificate and its errors.',
      'Point the domain\'s DNS records at Netlify and let no CAA record forbid letsencrypt.org, then choose Renew certificate.',
      'Replace a certificate of your own before it ends, or let Netlify provide one.',
    ],
    url: 'https://docs.netlify.com/manage/domains/secure-domains-with-https/https-ssl/',
  },
  soc2: { criteria: ['CC6.7', 'A1.2'], own: true },
  iso27001: { controls: ['A.8.24'], own: true },
  kinds: ['site'],
  reads: { siteSettings, certificate },
  evaluate: ({ siteSettings: site, certificate: held }, { now }) => {
    const domain = ownDomain(site)
    if (domain === null) return notApplicable('The site has no domain of its own.')
    if (domain === undefined) return unverified('Netlify\'s answer did not say whether the site has a domain of its own.')
    if (held === null) return fail('The domain has no certificate.', { custom_domain: domain })

    const ends = Date.parse(held.expires_at ?? '')
    return judge([
      { field: 'domains', ok: holds(held.domains, names => covers(names, domain)), wrong: 'the certificate is not for this domain' },
      // Other states are on the way, or words that we do not know.
      { field: 'state', ok: good.includes(held.state ?? '') || undefined, wrong: '' },
      { field: 'expires_at', ok: Number.isNaN(ends) ? undefined : ends - now.getTime() >= least, wrong: ends < now.getTime() ? 'the certificate has ended' : 'the certificate ends within two weeks' },
      { field: 'renewal_error_message', ok: holds(held.renewal_error_message, failed => !failed), wrong: 'the last renewal failed' },
    ], 'The certificate is in place and lasts for two weeks and more.', {
      custom_domain: domain,
      state: held.state ?? null,
      expires_at: Number.isNaN(ends) ? null : new Date(ends).toISOString(),
    })
  },
})
