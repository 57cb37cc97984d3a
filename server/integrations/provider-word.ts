/**
 * What a provider told us of a grant by itself (deliveries.ts): that it has ended, or is suspended. It stands until something else is
 * known, and the message that lifts it may never come; so a look at the account takes it back as well.
 */
import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import type { IntegrationRow } from './row'

export interface ProviderWord {
  /** When it happened, as the database says it. */
  saidAt: string
}

/** What stands at the moment, or null: nothing does. No row that is `active` has any (supabase/migrations, provider_word). */
export async function wordOn({ id, status }: Pick<IntegrationRow, 'id' | 'status'>): Promise<ProviderWord | null> {
  if (status === 'active') return null
  const row = unwrap(await askAgain(() => serviceClient().from('integrations').select('provider_state_at')
    .eq('id', id).not('provider_state', 'is', null).maybeSingle()))
  return row?.provider_state_at ? { saidAt: row.provider_state_at } : null
}

/** The account was found, by a look that began after this was said. What was said meanwhile stands. */
export async function takeBack({ id }: Pick<IntegrationRow, 'id'>, { saidAt }: ProviderWord): Promise<void> {
  unwrap(await askAgain(() => serviceClient().rpc('note_reached', { p_id: id, p_said_at: saidAt })))
}
