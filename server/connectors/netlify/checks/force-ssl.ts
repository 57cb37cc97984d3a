import { defineCheck } from '../../contract'
import { holds, judge, notApplicable } from '../../verdict'
import { siteSettings } from '../endpoints'
import { ownDomain } from '../site'

export const forceSsl = defineCheck({
  id: 'netlify_force_ssl',
  title: 'The site\'s own domain is served over HTTPS only',
  severity: 'high',
  category: 'network',
  rationale: 'Without the redirect a visitor who types the address reads and sends everything in clear text, and anyone on the way can change it.',
  remediation: {
    steps: [
      'Open the project\'s Domain management and look under HTTPS that a certificate is in place.',
      'Switch on Force HTTPS.',
    ],
    url: 'https://docs.netlify.com/manage/domains/secure-domains-with-https/https-ssl/',
  },
  soc2: { criteria: ['CC6.7'], own: true },
  iso27001: { controls: ['A.8.24'], own: true },
  kinds: ['site'],
  reads: { siteSettings },
  evaluate: ({ siteSettings: site }) => {
    const domain = ownDomain(site)
    if (domain === null) return notApplicable('The site has no domain of its own, and its netlify.app address always uses HTTPS.')
    return judge([
      { field: 'custom_domain', ok: holds(domain, () => true), wrong: '' },
      { field: 'force_ssl', ok: holds(site.force_ssl, on => on), wrong: 'the site also answers in clear text' },
    ], 'Clear text is redirected to HTTPS.', { custom_domain: domain ?? null })
  },
})
