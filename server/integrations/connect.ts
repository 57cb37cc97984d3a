/**
 * Connecting, the second half: from the provider's answer to the stored integration. The first is ./begin-connection.ts.
 *
 * RFC 6749 section 4.1 with RFC 7636 and the advice of RFC 9700: the state is bound to the browser (a sealed cookie of
 * its own per flow), the person, the organization and the provider, and is good for one callback. Nothing is stored
 * unless all of it fits; a grant that was made on the way to a refusal is ended again.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { auditRow, byUser, type RequestInfo } from '#server/audit'
import type { ApiReader, Connector, ExternalAccount, GrantFacts, ResourceDescription, TokenSet } from '#server/connectors/contract'
import { defaultChecksOf } from '#server/cross'
import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import type { Json } from '#server/database/types'
import { OAuthError, ProviderError, type ProviderErrorKind } from '#server/errors'
import { limiterFor } from '#server/limits'
import { enqueue } from '#server/queue'
import type { OAuthClient } from '#server/oauth/client'
import { exchangeCode } from '#server/oauth/exchange'
import { openApi } from '#server/oauth/open-api'
import { stateHash, type Flow } from '#server/oauth/state'
import { log } from '#server/utils/log'
import { nextRun } from '#server/utils/schedule'
import type { CallbackErrorCode } from '#shared/callback-errors'
import { clientToConnect } from './client'
import { grantFields, type Grant } from './grant'
import { endUnlessShared } from './installation'
import { holdConnection } from './pending'
import { resourceRows } from './resources'
import { endSlots, summaryOf } from './revocation'
import { grantConfig, MAIN_SLOT, nextRefresh, secretsIn } from './token-config'
import { keyForEncrypting, sealTokens } from './vault'

type Target = NonNullable<ReturnType<typeof clientToConnect>>

const factsSchema = z.record(z.string(), z.string()).catch({})

/** Who connects, for which organization. */
export interface Connecting { userId: string, email: string, organizationId: string }

/** A connection that did not come about: the code is shown to the person, see shared/callback-errors.ts. */
export class ConnectRefused extends Error {
  override name = 'ConnectRefused'
  constructor(readonly code: CallbackErrorCode, options: { cause?: unknown } = {}) {
    super(code, options)
  }
}

/** How a connection came about: stored, or waiting for a word because it is another account than was to be reconnected. */
export type Connected = { integrationId: string, pendingId?: undefined } | { pendingId: string, integrationId?: undefined }

/** A copy of the cookie must not get a second try. @returns when @throws ConnectRefused flow_missing */
export async function spendState(state: string): Promise<string> {
  const since: string | null = unwrap(await serviceClient().rpc('use_oauth_state', { p_state_hash: stateHash(state) }))
  if (since === null) throw new ConnectRefused('flow_missing')
  return since
}

export async function readWanted(connector: Connector, who: Connecting, id: string) {
  return unwrap(await serviceClient().from('integrations').select('id, external_account_id, sandbox, facts:config->facts')
    .eq('id', id).eq('organization_id', who.organizationId).eq('integration_type', connector.id).maybeSingle())
}

/**
 * The second half, with a flow whose state, browser, person, organization and provider were compared already.
 * @param said facts that the callback brought along: anybody's text until the account was read
 * @throws ConnectRefused
 */
export async function finishConnection(connector: Connector, who: Connecting, flow: Flow, code: string, from: RequestInfo, said: GrantFacts = {}): Promise<Connected> {
  const target = clientToConnect(connector)
  if (!target) throw new ConnectRefused('not_configured')
  // Before the code is spent.
  const since = await spendState(flow.state)

  let tokens = await exchange(target.client, code, flow)
  let account: ExternalAccount | null = null
  let grant: Grant | null = null
  try {
    const told = { ...flow.facts, ...said, ...tokens.facts }
    account = await readAccount(target, who, tokens, told, flow.integrationId)
    tokens = { ...tokens, facts: { ...told, ...account.facts } }
    const resources = await discover(target.client, who, tokens, { facts: { ...tokens.facts }, accountId: account.id }, api => listResources(connector, api))
    grant = { account, resources: resourceRows(resources), inSandbox: target.inSandbox, fields: grantFields(connector, tokens, new Date()), since }
    if (flow.integrationId === null) return { integrationId: await storeGrant(connector, who, grant, from) }
    const wanted = await readWanted(connector, who, flow.integrationId)
    if (!wanted) throw new ConnectRefused('account_mismatch')
    if (wanted.external_account_id !== account.id || wanted.sandbox !== target.inSandbox) return { pendingId: await holdConnection(connector, who, wanted.id, grant, from) }
    return { integrationId: await storeGrant(connector, who, grant, from, { only: wanted.id }) }
  }
  catch (error) {
    await endUnused(target, who, tokens, account?.id ?? null, grant)
    throw error
  }
}

/** @param told which account it is, as far as anybody said; where nobody did, the one is meant that is to be reconnected */
async function readAccount({ client, inSandbox }: Target, who: Connecting, tokens: TokenSet, told: GrantFacts, wantedId: string | null): Promise<ExternalAccount> {
  const read = (facts: GrantFacts) => discover(client, who, tokens, { facts, accountId: null }, api => client.connector.account(api))
  const wanted = wantedId === null || Object.keys(told).length > 0 ? null : await readWanted(client.connector, who, wantedId)
  const facts = wanted?.sandbox === inSandbox ? factsSchema.parse(wanted.facts) : {}
  if (Object.keys(facts).length === 0) return read(told)
  try {
    return await read(facts)
  }
  catch (error) {
    if (!(error instanceof ConnectRefused) || error.code !== 'account_not_found') throw error
    // Perhaps there is just another one, which the person may want to connect as a new one.
    return read(told).catch(() => Promise.reject(error))
  }
}

async function exchange(client: OAuthClient, code: string, flow: Flow): Promise<TokenSet> {
  try {
    return await exchangeCode(client, { code, codeVerifier: flow.codeVerifier })
  }
  catch (cause) {
    if (!(cause instanceof OAuthError)) throw cause
    log.warn('authorization code was not exchanged', { provider: client.connector.id, failure: cause.failure, oauth_error: cause.oauthError })
    const code = { dead_grant: 'code_refused', our_application: 'application_refused', passing: 'provider_unavailable' } as const
    throw new ConnectRefused(code[cause.failure], { cause })
  }
}

/** Why an account can't be read; everything else is the provider's trouble. */
const refusals: Partial<Record<ProviderErrorKind, CallbackErrorCode>> = {
  unauthorized: 'permission_missing', forbidden: 'permission_missing', payment_required: 'permission_missing', limited: 'permission_missing',
  not_found: 'account_not_found', account_missing: 'account_missing', installation_disabled: 'account_missing', account_ambiguous: 'account_ambiguous',
}

/** @throws ConnectRefused */
async function discover<T>(
  client: OAuthClient, { organizationId }: Connecting, { accessToken }: TokenSet, of: { facts: GrantFacts, accountId: string | null }, read: (api: ApiReader) => Promise<T>,
): Promise<T> {
  try {
    // Until the account was read, facts are what a callback says: anybody's text, and no sign of whose calls these are.
    const limiter = limiterFor(client, { accountId: of.accountId, facts: of.accountId === null ? {} : of.facts, organizationId, person: true })
    return await read(openApi(client, { accessToken, facts: of.facts, limiter }))
  }
  catch (cause) {
    if (!(cause instanceof ProviderError)) throw cause
    log.warn('account could not be read', { provider: client.connector.id, kind: cause.kind, call: cause.call })
    throw new ConnectRefused(refusals[cause.kind] ?? 'provider_unavailable', { cause })
  }
}

/** @throws ConnectRefused no_project */
export async function listResources(connector: Connector, api: ApiReader): Promise<ResourceDescription[]> {
  const resources: ResourceDescription[] = []
  for await (const resource of connector.resources(api)) resources.push(resource)
  if (resources.length === 0) throw new ConnectRefused('no_project')
  return resources
}

/**
 * Best effort: a grant that nothing is stored of is not left lying at the provider, unless that would end others' access.
 * @param accountId null: it could not be read
 * @param grant null: it did not come to storing it
 */
async function endUnused({ client, inSandbox }: Target, who: Connecting, tokens: TokenSet, accountId: string | null, grant: Grant | null): Promise<void> {
  const { connector } = client
  try {
    if (grant && await isStored(connector, who, grant)) return
    const secrets = secretsIn({ ...grantConfig(tokens, connector.secrets, new Date()), facts: tokens.facts }, connector.authorization.slots ?? [])
    const ended = await endUnlessShared({ connector, accountId, sandbox: inSandbox }, () => endSlots(client, secrets))
    if (!ended || summaryOf(ended) === 'failed') log.warn('an unused grant was left at the provider', { provider: connector.id, shared: !ended })
  }
  catch (error) {
    log.warn('an unused grant could not be ended', { provider: connector.id, error })
  }
}

/** Whether this very grant is stored all the same, and not merely one before it: it failed after that, or nobody was told. */
async function isStored(connector: Connector, { organizationId }: Connecting, { account, inSandbox, fields }: Grant): Promise<boolean> {
  const found = await Promise.all((['integrations', 'pending_connections'] as const).map(async table => unwrap(await serviceClient().from(table).select('id')
    .eq('organization_id', organizationId).eq('integration_type', connector.id).eq('external_account_id', account.id).eq('sandbox', inSandbox)
    .eq('config->>grant_id', fields.grant_id ?? '').limit(1))))
  return found.flat().length > 0
}

/** What an integration is called until somebody renames it: not empty, and cut between characters. */
function nameOf(account: ExternalAccount): string {
  return [...(account.name.trim() || account.id)].slice(0, 100).join('')
}

/** The arguments of `store_connection`. */
interface Connection { p_integration: Json, p_resources: Json, p_audit: Json, p_since: string, p_version?: number }

async function storeConnection(connection: Connection): Promise<string | null> {
  return unwrap(await askAgain(() => serviceClient().rpc('store_connection', connection)))
}

/**
 * Stores a grant: at the integration that its account has, which keeps its name, switches, schedule, pause, findings and
 * history, or as a new one.
 * @param options `only`: at this integration or not at all; `write`: null when it has to be tried again
 * @returns the integration's id
 * @throws ConnectRefused, AppError access_ended, audit_unavailable, and what `write` throws
 */
export async function storeGrant(
  connector: Connector, who: Connecting, grant: Grant, from: RequestInfo,
  options: { only?: string, write?: (connection: Connection) => Promise<string | null> } = {},
): Promise<string> {
  const { account, resources, inSandbox, fields } = grant
  const { only, write = storeConnection } = options
  // Twice at most in practice: a second tab, or a refresh, may have written between the read and the write.
  for (let attempt = 0; attempt < 5; attempt++) {
    const existing = unwrap(await serviceClient().from('integrations').select('id, version, scan_schedule')
      .eq('organization_id', who.organizationId).eq('integration_type', connector.id)
      .eq('external_account_id', account.id).eq('sandbox', inSandbox).maybeSingle())
    if (only !== undefined && only !== existing?.id) throw new ConnectRefused('account_mismatch')

    const id = existing?.id ?? randomUUID()
    const now = new Date()
    const next = nextRefresh(fields, [MAIN_SLOT, ...connector.authorization.slots ?? []], now)
    const [main] = resources
    const fresh = existing ? {} : { enabled_checks: defaultChecksOf(connector), project_id: main?.external_id ?? null, project_name: main?.name ?? null }
    const key = await keyForEncrypting(who.organizationId, connector.secrets.length)
    const config = sealTokens({ ...fields, ...fresh }, { id, organizationId: who.organizationId, version: (existing?.version ?? 0) + 1 }, connector, key)
    const assessmentId = await write({
      p_integration: {
        id, organization_id: who.organizationId, integration_type: connector.id, name: nameOf(account), config: config as Json,
        scan_schedule: connector.defaultSchedule, next_check_at: nextRun(existing?.scan_schedule ?? connector.defaultSchedule, now), external_account_id: account.id,
        external_account_name: account.name, sandbox: inSandbox, refresh_due_at: next.dueAt, refresh_slot: next.slot, connected_by: who.userId,
      },
      p_resources: resources,
      p_since: grant.since,
      p_audit: auditRow({
        actor: byUser(who), action: existing ? 'integration.reconnected' : 'integration.connected', target: { type: 'integration', id }, from,
        detail: { integration_type: connector.id, account: account.id, resources: resources.length, sandbox: inSandbox },
      }),
      ...(existing ? { p_version: existing.version } : {}),
    })
    if (!assessmentId) continue

    await enqueue('scan.run', assessmentId, { assessment_id: assessmentId })
    return id
  }
  throw new ConnectRefused('internal')
}
