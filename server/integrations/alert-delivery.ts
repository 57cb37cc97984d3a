/**
 * Alerts on their way to the operator's webhook: each change of health once, at least. What has to be sent stands in the
 * table, not in the queue, so that neither a job that was never written nor a process that was killed loses one; a claim
 * in the row keeps two processes from sending the same at once. The receiver drops doubles by `webhook-id`.
 */
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { ProviderError } from '#server/errors'
import { sendRequest } from '#server/oauth/send'
import { enqueue } from '#server/queue'
import { env } from '#server/utils/env'
import { log } from '#server/utils/log'
import { webhookHeaders } from '#server/utils/webhook-signature'
import { changeColumns, viewChange } from './health-report'

/** Longer than a call may take (10 s): past that its process is gone. */
const CLAIM_SECONDS = 30
const BATCH = 1000

/** Queues what the webhook has not got; nothing without one. @returns how many */
export async function queueAlerts(): Promise<number> {
  if (!env().alertWebhook) return 0
  const ids = unwrap(await serviceClient().rpc('undelivered_alerts', { p_limit: BATCH }))
  for (const id of ids) await enqueue('alert.deliver', id, { change_id: id })
  return ids.length
}

/** On an embedded database, at start: what a process that was killed had claimed is nobody's now. */
export async function releaseAlerts(): Promise<void> {
  await serviceClient().from('health_changes').update({ delivery_due_at: null }).not('alert', 'is', null).is('delivered_at', null).throwOnError()
}

/**
 * Sends one alert, unless it is sent already or another process is at it.
 * @throws Error when the receiver did not take it: the queue tries again, and after that the sweep
 */
export async function deliverAlert(changeId: string, signal: AbortSignal): Promise<void> {
  const webhook = env().alertWebhook
  if (!webhook) return
  if (!unwrap(await serviceClient().rpc('claim_alert', { p_id: changeId, p_seconds: CLAIM_SECONDS }))) return
  const alert = await readAlert(changeId)
  if (!alert) return
  const failure = await post(webhook, changeId, JSON.stringify(alert), signal)
  if (failure === null) {
    unwrap(await serviceClient().from('health_changes').update({ delivered_at: new Date().toISOString() }).eq('id', changeId).select('id'))
    return
  }
  unwrap(await serviceClient().rpc('alert_failed', { p_id: changeId }))
  log.warn('alert was not delivered', { change_id: changeId, failure })
  throw new Error(`alert was not delivered: ${failure}`)
}

/** What is sent. Null: its integration was removed meanwhile. */
async function readAlert(changeId: string) {
  const row = unwrap(await serviceClient().from('health_changes').select(`${changeColumns}, organization_id, integration_id, integrations(name, integration_type)`)
    .eq('id', changeId).maybeSingle())
  if (!row?.integrations) return null
  const { integrations, organization_id, integration_id, ...change } = row
  const { id, at, from_state, to_state, alert, reason, sentence } = viewChange(change)
  return {
    type: 'integration.health', id, at, organization_id,
    integration: { id: integration_id, name: integrations.name, type: integrations.integration_type },
    from: from_state, to: to_state, alert, reason, sentence,
    url: `${env().appUrl}/integrations/${integration_id}/health`,
  }
}

/**
 * Null, or why it was not taken: never the address, whose path or query may be secret, and which the errors of the
 * outgoing policy name.
 */
async function post(webhook: { url: string, secret: string | null }, id: string, body: string, signal: AbortSignal): Promise<string | null> {
  const { origin, pathname, search } = new URL(webhook.url)
  try {
    const { status } = await sendRequest({
      method: 'POST', base: origin, path: pathname + search, body, expect: 'any', signal, fetch: globalThis.fetch,
      headers: { 'content-type': 'application/json', ...webhookHeaders(id, body, webhook.secret, new Date()) },
    })
    return status >= 200 && status < 300 ? null : `HTTP ${status}`
  }
  catch (error) {
    return error instanceof ProviderError ? error.kind : 'failed'
  }
}
