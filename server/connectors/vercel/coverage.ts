/** What a protection covers, by the words of its `deploymentType`, and which lists of addresses are one. */
import { z } from 'zod'
import { isEverybody, networkOf } from '../cidr'
import { maybe, text } from './fields'

const all = ['all', 'all_except_custom_domains', 'prod_deployment_urls_and_all_previews']
/** It leaves a generated address open. */
const part = ['preview', 'production']

/** Undefined: not said, or in a word that is not known. */
export function coverageOf(deploymentType: string | null | undefined): 'all' | 'part' | undefined {
  if (all.includes(deploymentType ?? '')) return 'all'
  return part.includes(deploymentType ?? '') ? 'part' : undefined
}

/**
 * Addresses protect where nobody else gets in (`exclusive`); those that get past another protection (`additional`) do not, and
 * neither do all addresses there are. Null: no protection. A list that cannot be read is an issue.
 */
export const trustedIps = z.object({ deploymentType: text, protectionMode: text, addresses: maybe(z.array(z.object({ value: z.string() }))) })
  .transform(({ deploymentType, protectionMode, addresses }, context) => {
    const networks = addresses?.map(({ value }) => value)
    if (protectionMode === 'additional' || (networks && isEverybody(networks))) return null
    if (protectionMode === 'exclusive' && networks?.every(network => networkOf(network) !== undefined)) return { deploymentType }
    context.addIssue({ code: 'custom', message: 'does not say who gets through' })
    return z.NEVER
  })
