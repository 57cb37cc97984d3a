/**
 * What was accepted from providers (webhooks.ts), on its way to the integrations that it is about. What has to be applied stands
 * in the table, not in the queue, so that neither a job that was never written nor a process that was killed loses any.
 */
import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { enqueue } from '#server/queue'

/** Looked at per run; the next one is a minute later. */
const SCANS = 1_000
/** Deliveries applied in one statement. */
const PORTION = 100

const sentences = {
  ended: 'The provider says that the app was removed there. Reconnect it.',
  suspended: 'The app is suspended at the provider. When that is lifted, it goes on by itself within a day.',
}

/** Jobs that are being written, and those that come after them. */
const writing = new Map<string, Promise<void>>()
const next = new Map<string, Promise<void>>()

/**
 * One waiting job for each provider, however many deliveries wait: it applies them all. The job is written after this was asked,
 * together for all who ask meanwhile.
 */
export function queueDelivery(provider: string, sandbox: boolean): Promise<void> {
  const key = `${provider} ${sandbox}`
  const running = writing.get(key)
  const known = next.get(key)
  if (known) return known
  const write = async () => {
    await running?.catch(() => {})
    next.delete(key)
    const job = enqueue('webhook.apply', key, { provider, sandbox }).finally(() => writing.delete(key))
    writing.set(key, job)
    await job
  }
  const asked = write()
  next.set(key, asked)
  return asked
}

/** Queues a job for each provider whose deliveries wait. @returns how many */
export async function queueDeliveries(): Promise<number> {
  const waiting = unwrap(await serviceClient().rpc('waiting_deliveries'))
  for (const { provider, sandbox } of waiting) await queueDelivery(provider, sandbox)
  return waiting.length
}

/** Applies all that waits of a provider, in the order in which it came, and queues the scans that it asks for. */
export async function applyDeliveries(provider: string, sandbox: boolean): Promise<void> {
  const portion = { p_provider: provider, p_sandbox: sandbox, p_sentences: sentences, p_limit: PORTION }
  while (unwrap(await askAgain(() => serviceClient().rpc('apply_deliveries', portion))) === PORTION);
  await queueWebhookScans()
}

/** Queues the scans that events asked for and whose time has come. @returns how many */
export async function queueWebhookScans(): Promise<number> {
  const ids = unwrap(await askAgain(() => serviceClient().rpc('claim_webhook_scans', { p_limit: SCANS })))
  for (const id of ids) await enqueue('scan.run', id, { assessment_id: id })
  return ids.length
}
