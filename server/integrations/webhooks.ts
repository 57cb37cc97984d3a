/**
 * Takes what a provider tells us, and acknowledges it once it is written down: applying it comes later (deliveries.ts). The
 * signature is the whole of the authorization. Nothing of a delivery is kept or logged but what the connector read out of it.
 */
import { z } from 'zod'
import type { Connector, Delivery, ProviderEvent } from '#server/connectors/contract'
import { AppError } from '#server/errors'
import type { OAuthClient } from '#server/oauth/client'
import { settingVariable } from '#server/utils/env-schema'
import { log } from '#server/utils/log'
import { countDelivery } from '#server/utils/metrics'
import { accept } from './accept'
import { clientsOf } from './client'
import { queueDelivery } from './deliveries'

/** `challenge` has to be sent back; `ignored`: it holds nothing that is for us. */
export type Received = { outcome: 'challenge', challenge: string } | { outcome: 'accepted' | 'replayed' | 'ignored' }

/** An id or a fact: no text of Postgres holds a NUL or half a surrogate pair. */
const text = z.string().min(1).max(256).refine(value => value.isWellFormed() && !/\p{Cc}/u.test(value))
const eventSchema = z.object({
  what: z.enum(['ended', 'suspended', 'resumed', 'resources', 'permissions', 'changed']),
  account_id: text.nullable(),
  facts: z.record(text, text),
  at: z.iso.datetime({ offset: true }).nullable().catch(null),
  resource_id: text.nullable(),
}).refine(({ account_id, facts }) => account_id !== null || Object.keys(facts).length > 0, 'is about everybody')
const parsedSchema = z.object({ id: text.max(200), events: z.array(eventSchema) })

/** As it is kept: chosen field by field. */
function toRow({ what, accountId, facts = {}, at, resourceId }: ProviderEvent) {
  return { what, account_id: accountId ?? null, facts, at: at ?? null, resource_id: resourceId ?? null }
}

/** Whether a provider has anything to tell us: it sends such calls, and there is a registration to send them for. */
export function takesDeliveries(connector: Connector): boolean {
  return connector.webhooks !== undefined && clientsOf(connector).length > 0
}

/** @throws AppError unavailable (there is no key to check it with), signature_refused, invalid_request */
export async function receiveDelivery(connector: Connector, delivery: Delivery, now: Date): Promise<Received> {
  const sender = verified(connector, delivery, now)
  const parsed = parse(connector, delivery)
  if ('challenge' in parsed) {
    countDelivery(connector.id, 'challenge')
    return { outcome: 'challenge', challenge: parsed.challenge }
  }
  if (parsed.events.length === 0) {
    countDelivery(connector.id, 'nothing_to_do')
    return { outcome: 'ignored' }
  }
  const fresh = await accept({ provider: connector.id, sandbox: sender.inSandbox, delivery_id: parsed.id, events: parsed.events })
  countDelivery(connector.id, fresh ? 'accepted' : 'replayed')
  if (!fresh) return { outcome: 'replayed' }
  // The provider does not wait for it.
  void queued(connector.id, sender.inSandbox)
  return { outcome: 'accepted' }
}

/** Whose key it is signed with: the operator's registration, or the local stand-in's. */
function verified(connector: Connector, delivery: Delivery, now: Date) {
  const keyed = clientsOf(connector).map(({ client, inSandbox }) => ({ inSandbox, key: keyOf(connector, client) }))
  const sender = keyed.find(({ key }) => key !== undefined && connector.webhooks?.verify(delivery, key, now))
  if (sender) return sender
  const variable = variableOf(connector)
  if (keyed.every(({ key }) => key === undefined)) {
    countDelivery(connector.id, 'key_missing')
    log.error('a provider\'s delivery can\'t be checked: its key is not set', { provider: connector.id, variable })
    throw new AppError('unavailable', 'Deliveries are not taken at the moment.')
  }
  countDelivery(connector.id, 'forged')
  log.warn('a delivery was refused: it is not signed with the provider\'s key', { provider: connector.id, variable })
  throw new AppError('signature_refused')
}

function keyOf({ webhooks }: Connector, { clientSecret, settings }: OAuthClient): string | undefined {
  if (!webhooks) return undefined
  return (webhooks.key === 'client_secret' ? clientSecret : settings[webhooks.key.setting]) || undefined
}

function variableOf({ id, webhooks }: Connector): string {
  return settingVariable(id, webhooks && webhooks.key !== 'client_secret' ? webhooks.key.setting : 'client_secret')
}

/** What stood there is not told, neither to whoever sent it nor to a log. */
function parse(connector: Connector, delivery: Delivery): { challenge: string } | z.infer<typeof parsedSchema> {
  try {
    const parsed = connector.webhooks?.parse(delivery)
    if (parsed && 'challenge' in parsed) return parsed
    return parsedSchema.parse(parsed && { id: parsed.id, events: parsed.events.map(toRow) })
  }
  catch (error) {
    if (!(error instanceof z.core.$ZodError) && !(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error
    const where = error instanceof z.core.$ZodError ? error.issues.slice(0, 5).map(issue => `${issue.path.map(String).join('.')}: ${issue.code}`).join(', ') : 'no JSON'
    countDelivery(connector.id, 'unreadable')
    log.warn('a delivery could not be read', { provider: connector.id, where })
    throw new AppError('invalid_request', 'The delivery is not of the documented shape.')
  }
}

/** It is written down: a queue that is away delays it until the next sweep. */
async function queued(provider: string, sandbox: boolean): Promise<void> {
  try {
    await queueDelivery(provider, sandbox)
  }
  catch (error) {
    log.warn('a delivery could not be queued yet', { provider, error })
  }
}
