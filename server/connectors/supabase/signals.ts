/** What a project tells: its addresses, and how its server keys are recognized. No call is made for it. */
import { definePublisher } from '../contract'

export const signals = [definePublisher({
  kinds: ['project'],
  tells: ['backend'],
  reads: {},
  derive: (_, { resource }) => [{
    kind: 'backend',
    // https://supabase.com/docs/guides/platform/custom-domains: these go on beside a domain of the customer's own.
    hosts: [`${resource.externalId}.supabase.co`, `db.${resource.externalId}.supabase.co`],
    keys: {
      // https://supabase.com/docs/guides/api/api-keys; names as Supabase's own guides and integrations give them.
      names: ['SERVICE_ROLE', 'SUPABASE_SERVICE', 'SUPABASE_SECRET', 'SUPABASE_JWT_SECRET'],
      publicNames: ['ANON', 'PUBLISHABLE'],
      secretPrefixes: ['sb_secret_'],
      tokenRoles: ['service_role', 'supabase_admin'],
    },
  }],
})] as const
