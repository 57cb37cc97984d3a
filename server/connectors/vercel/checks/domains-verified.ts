import { defineCheck } from '../../contract'
import { domains } from '../endpoints'
import { capped, fail, notApplicable, pass, plural, unverified } from '../../verdict'

export const domainsVerified = defineCheck({
  id: 'vercel_domains_verified',
  title: 'Every domain of the project is proven to be the account\'s own',
  severity: 'high',
  category: 'network',
  rationale: 'A domain that is not verified points at Vercel without being tied to this project: another account may claim it and answer in its name.',
  remediation: {
    steps: [
      'Open the project\'s Settings, Domains, and look for domains that wait for verification.',
      'Set the TXT record shown there at the domain\'s DNS provider, or remove the domain.',
      'Remove DNS records of domains that the project no longer serves.',
    ],
    url: 'https://vercel.com/docs/domains/working-with-domains/add-a-domain',
  },
  soc2: { criteria: ['CC6.6'], own: true },
  iso27001: { controls: ['8.20'], own: true },
  kinds: ['project'],
  reads: { domains },
  evaluate: ({ domains: { domains: list } }) => {
    const open = list.filter(domain => domain.verified === false)
    const unread = list.filter(domain => typeof domain.verified !== 'boolean').length
    const evidence = { domains: list.length, unverified: capped(open.map(domain => domain.name)) }
    if (open.length > 0) return fail(`${plural(open.length, 'domain is', 'domains are')} not verified.`, evidence)
    if (unread > 0) return unverified(`Vercel did not say for ${plural(unread, 'domain')} whether it is verified.`, evidence)
    if (list.length === 0) return notApplicable('The project has no domain.')
    return pass(`${plural(list.length, 'domain is', 'domains are')} verified.`, evidence)
  },
})
