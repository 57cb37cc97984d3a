/**
 * Who may take on a role beside us: tried when it is connected, and afterwards with each look and each scan, since a trust policy can
 * be loosened at any time. A role that lets in more than it should goes on working: it is shown, and scanned all the same.
 */
import { type ApiReader, type Connector, type Endpoint, type ExternalAccount, isRole, type ResourceDescription, type Trust } from '#server/connectors/contract'
import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { log } from '#server/utils/log'
import { wordsOf } from './health-reasons'
import type { IntegrationRow } from './row'

export type Exposure = 'role_opens_without_id' | 'role_opens_with_any_id'

/** What a role lets in too much; null: nothing; undefined: that was not seen. */
export function exposureOf({ withId, withoutId, withAnotherId }: Partial<Trust>): Exposure | null | undefined {
  if (withoutId === true) return 'role_opens_without_id'
  if (withAnotherId === true) return 'role_opens_with_any_id'
  return withId === true && withoutId === false && withAnotherId === false ? null : undefined
}

/** The cheap look at a connection: its account, and whether a role is still shut to others. @throws ProviderError */
export async function lookAt(connector: Connector, api: ApiReader): Promise<ExternalAccount> {
  const account = await connector.account(api)
  if (isRole(connector)) await api.get(connector.authorization.trust)
  return account
}

/** The same reader, which notes what is seen of a role's trust, whoever asks. */
export function notingTrust(api: ApiReader, row: IntegrationRow): ApiReader {
  const { connector } = row
  if (!isRole(connector)) return api
  const { trust } = connector.authorization
  return {
    ...api,
    async get<T>(endpoint: Endpoint<T>, resource?: ResourceDescription) {
      const answer = await api.get(endpoint, resource)
      const seen = endpoint.id === trust.id ? exposureOf(trust.schema.parse(answer)) : undefined
      if (seen !== undefined) await noteExposure(row, seen)
      return answer
    },
  }
}

async function noteExposure(row: IntegrationRow, code: Exposure | null): Promise<void> {
  if (code) log.warn('a role lets in more than it should', { integration_id: row.id, code })
  const error = code && { class: 'exposed', code, call: 'api', message: wordsOf('action_required', code).sentence, at: new Date().toISOString() }
  unwrap(await askAgain(() => serviceClient().rpc('note_exposure', { p_id: row.id, p_version: row.version, p_error: error })))
}
