import { isEverybody, networkOf } from '../../cidr'
import { defineCheck } from '../../contract'
import { networkRestrictions } from '../endpoints'
import { capped, fail, notApplicable, pass, unverified } from '../../verdict'

export const networkRestricted = defineCheck({
  id: 'supabase_network_restricted',
  title: 'The database can be reached from named networks only',
  severity: 'medium',
  category: 'network',
  rationale: 'A database open to every address is one leaked password away from anybody, and is tried all day.',
  remediation: {
    steps: [
      'List the networks that connect to Postgres or its pooler: offices, servers, continuous integration.',
      'Add them under Database, Settings, Network Restrictions, for IPv4 and IPv6, and remove 0.0.0.0/0 and ::/0.',
    ],
    url: 'https://supabase.com/docs/guides/platform/network-restrictions',
  },
  soc2: { criteria: ['CC6.6'], own: true },
  reads: { networkRestrictions },
  evaluate: ({ networkRestrictions: { entitlement, config, status } }) => {
    if (entitlement === 'disallowed') return notApplicable('This organization\'s plan does not offer network restrictions.')
    if (!config || !status) return unverified('Supabase\'s answer did not say which networks are allowed.', { status: status ?? null })

    const allowed = [...config.dbAllowedCidrs ?? [], ...config.dbAllowedCidrsV6 ?? []]
    const evidence = { allowed: capped(allowed), status }
    if (isEverybody(allowed)) return fail('Any address may reach the database.', evidence)
    if (allowed.length === 0) return fail('No restriction is set.', evidence)
    // IPv6 networks that are not listed are refused (same page); IPv4 without a list is an answer we do not understand.
    if (!config.dbAllowedCidrs) return unverified('Supabase did not say which IPv4 networks are allowed.', evidence)
    const odd = allowed.filter(cidr => networkOf(cidr) === undefined)
    if (odd.length > 0) return unverified('Supabase named networks that could not be read.', evidence)
    if (status === 'stored') return fail('The restriction is stored but not in force.', evidence)
    if (status !== 'applied') return unverified('It is not known whether the restriction is in force.', evidence)
    return pass('Only the listed networks may reach the database.', evidence)
  },
})
