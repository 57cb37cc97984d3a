/**
 * Connecting by a role in the customer's account. Nothing of what a person says is believed: the role has to open with the
 * id that we made for this attempt, and to stay shut without one and with another. Else somebody could name to us the role of
 * another customer, which trusts us too, and see their account.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { RequestInfo } from '#server/audit'
import type { NamedRole, RoleConnector, Trust } from '#server/connectors/contract'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { AppError, ProviderError } from '#server/errors'
import type { OAuthClient } from '#server/oauth/client'
import { openApi, openingOf, type Held as HeldTokens } from '#server/oauth/open-api'
import { newRoleFlowId, type RoleFlow } from '#server/oauth/role-flow'
import { stateHash } from '#server/oauth/state'
import { env } from '#server/utils/env'
import { log } from '#server/utils/log'
import type { CallbackErrorCode } from '#shared/callback-errors'
import { clientToConnect, missingConfiguration } from './client'
import { ConnectRefused, listResources, readWanted, storeGrant, type Connecting } from './connect'
import { grantFields } from './grant'
import { resourceRows } from './resources'
import { exposureOf } from './role-trust'

export interface PastedRole { roleArn: string, regions: readonly string[] }

type Held = HeldTokens & { accessToken: string }

/** Milliseconds between tries: a new role takes a moment until it is known everywhere. */
const patience: readonly number[] = [500, 1_500, 3_000]

function targetOf(connector: RoleConnector) {
  const target = clientToConnect(connector)
  if (!target) throw new AppError('not_configured', `Set ${missingConfiguration(connector).join(' and ')}.`)
  return target
}

const factsOf = z.looseObject({ facts: z.record(z.string(), z.string()).catch({}) }).catch({ facts: {} })

/**
 * @param integrationId to reconnect this one: it keeps its external id, so that its role only has to be put right
 * @throws AppError not_configured, not_found (no such integration here)
 */
export async function beginRole(connector: RoleConnector, who: Connecting, integrationId: string | null): Promise<RoleFlow> {
  const { inSandbox } = targetOf(connector)
  const flow = { id: newRoleFlowId(), provider: connector.id, userId: who.userId, organizationId: who.organizationId, integrationId, createdAt: Date.now() }
  if (integrationId === null) return { ...flow, externalId: randomUUID() }
  const wanted = await readWanted(connector, who, integrationId)
  if (!wanted) throw new AppError('not_found', 'There is no such integration.')
  const row = wanted.sandbox === inSandbox ? unwrap(await serviceClient().from('integrations').select('config').eq('id', wanted.id).maybeSingle()) : null
  const known = z.uuid().safeParse(factsOf.parse(row?.config).facts.external_id)
  return { ...flow, externalId: known.data ?? randomUUID() }
}

/** The page that says how to make the role. */
export function guidePath({ provider, id }: Pick<RoleFlow, 'provider' | 'id'>): string {
  return `/integrations/connect/${provider}?${new URLSearchParams({ flow: id })}`
}

/** What a person needs to make the role. @throws AppError not_configured, connection_refused */
export async function guideOf(connector: RoleConnector, flow: RoleFlow) {
  const { client, inSandbox } = targetOf(connector)
  const { authorization } = connector
  const trusting = { principal: await principalOf(connector, client), externalId: flow.externalId }
  return {
    principal: trusting.principal,
    external_id: flow.externalId,
    trust_policy: JSON.stringify(authorization.trustPolicy(trusting), null, 2),
    policies: [...authorization.policies],
    template: { file_name: authorization.template.fileName, text: authorization.template.text(trusting) },
    create_url: inSandbox ? null : authorization.quickCreate(trusting, client.settings),
    // A page of the stand-in's that makes the role with one click.
    sandbox_url: inSandbox ? `${client.authBase}/create-role?${new URLSearchParams({ principal: trusting.principal, external_id: flow.externalId, return_to: `${env().appUrl}${guidePath(flow)}` })}` : null,
    regions: [...authorization.regions],
    default_regions: [...authorization.defaultRegions(client.settings)],
  }
}

async function principalOf(connector: RoleConnector, client: OAuthClient): Promise<string> {
  try {
    return await connector.authorization.principal(openingOf(client, { accessToken: '' }))
  }
  catch (error) {
    throw refusalOf(connector, error)
  }
}

/**
 * With a flow whose browser, person, organization and provider were compared already.
 * @returns the integration's id
 * @throws ConnectRefused: nothing is stored; AppError invalid_request, not_configured
 */
export async function connectRole(connector: RoleConnector, who: Connecting, flow: RoleFlow, pasted: PastedRole, from: RequestInfo, waits = patience): Promise<string> {
  const { client, inSandbox } = targetOf(connector)
  const role = readPasted(connector, pasted)
  const wanted = flow.integrationId === null ? null : await readWanted(connector, who, flow.integrationId)
  if (flow.integrationId !== null && !wanted) throw new ConnectRefused('account_mismatch')
  if (wanted && (wanted.external_account_id !== role.accountId || wanted.sandbox !== inSandbox)) throw new ConnectRefused('role_of_another_account')

  const held: Held = { accessToken: role.arn, facts: { ...role.facts, external_id: flow.externalId, regions: [...new Set(pasted.regions)].join(',') }, reference: flow.integrationId ?? undefined }
  const fault = faultOf(await untilOpen(connector, client, held, waits))
  if (fault) throw new ConnectRefused(fault)
  const { account, resources } = await look(connector, client, held)
  if (account.id !== role.accountId) throw new ConnectRefused('role_of_another_account')

  const since: string | null = unwrap(await serviceClient().rpc('use_oauth_state', { p_state_hash: stateHash(`role ${flow.id}`) }))
  if (since === null) throw new ConnectRefused('flow_missing')
  const tokens = { accessToken: held.accessToken, facts: { ...held.facts, ...account.facts } }
  return storeGrant(connector, who, { account, resources: resourceRows(resources), inSandbox, fields: grantFields(connector, tokens, new Date()), since }, from, wanted ? { only: wanted.id } : {})
}

function readPasted({ authorization }: RoleConnector, { roleArn, regions }: PastedRole): NamedRole {
  const role = authorization.readRole(roleArn)
  const known = regions.every(region => authorization.regions.some(one => one.id === region))
  const errors = [
    ...('wrong' in role ? [{ field: 'role_arn', message: role.wrong }] : []),
    ...(known ? [] : [{ field: 'regions', message: 'There is no such region to choose.' }]),
  ]
  if ('wrong' in role || errors.length > 0) throw new AppError('invalid_request', errors.map(error => error.message).join(' '), { errors })
  return role
}

/** A role that does not open may be too new: tried again for a moment. */
async function untilOpen(connector: RoleConnector, client: OAuthClient, held: Held, waits: readonly number[]): Promise<Trust> {
  try {
    for (let attempt = 0; ; attempt++) {
      const trust = await connector.authorization.tryTrust(openingOf(client, held))
      const wait = waits[attempt]
      if (trust.withId || wait === undefined) return trust
      await delay(wait)
    }
  }
  catch (error) {
    throw refusalOf(connector, error)
  }
}

function faultOf(trust: Trust): CallbackErrorCode | null {
  return trust.withId ? exposureOf(trust) ?? null : 'role_refused'
}

async function look(connector: RoleConnector, client: OAuthClient, held: Held) {
  const api = openApi(client, held)
  try {
    const account = await connector.account(api)
    await api.get(connector.authorization.probe)
    return { account, resources: await listResources(connector, api) }
  }
  catch (error) {
    throw refusalOf(connector, error)
  }
}

const codes: Partial<Record<ProviderError['kind'], CallbackErrorCode>> = {
  application_refused: 'application_refused', role_refused: 'role_refused', limited: 'role_permission_missing', forbidden: 'role_permission_missing',
}

function refusalOf(connector: RoleConnector, cause: unknown): unknown {
  if (!(cause instanceof ProviderError)) return cause
  log.warn('a role could not be connected', { provider: connector.id, kind: cause.kind, call: cause.call })
  return new ConnectRefused(codes[cause.kind] ?? 'provider_unavailable', { cause })
}
