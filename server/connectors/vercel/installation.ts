/**
 * An installation that Vercel has switched off: it stays for 30 days, and answers who asks for it why
 * (https://vercel.com/docs/rest-api/integrations/retrieve-an-integration-configuration).
 */
import type { z } from 'zod'
import { ProviderError, type DisabledReason } from '#server/errors'
import type { ApiReader } from '../contract'
import { configuration } from './endpoints'

type Configuration = z.infer<typeof configuration.schema>

const reasons: Readonly<Record<string, DisabledReason>> = {
  'account-plan-downgrade': 'plan',
  'feature-not-available': 'feature',
  'disabled-by-admin': 'by_admin',
  'disabled-by-owner': 'by_owner',
  'original-owner-left-the-team': 'owner_left',
  'original-owner-role-downgraded': 'owner_demoted',
}

const on = ['ready', 'resumed']

/** Null: it is on, as far as it says. A reason that is not known is none. */
export function disabledError({ status, disabledReason }: Configuration): ProviderError | null {
  if (on.includes(status ?? '') || (status !== 'suspended' && !disabledReason)) return null
  const disabled = disabledReason && Object.hasOwn(reasons, disabledReason) ? reasons[disabledReason] : undefined
  return new ProviderError('installation_disabled', 'GET /v1/integrations/configuration', { disabled })
}

/** The refusal of some call, with the reason where the installation can be asked for it. */
export async function whyDisabled(api: ApiReader, refused: ProviderError): Promise<ProviderError> {
  if (!api.facts.installation_id) return refused
  try {
    const grant = await api.get(configuration)
    return (grant && disabledError(grant)) ?? refused
  }
  catch (error) {
    if (error instanceof ProviderError) return refused
    throw error
  }
}
