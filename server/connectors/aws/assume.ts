/**
 * Becoming the role, with our own principal's key. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
import { randomUUID } from 'node:crypto'
import type { Opening, Trust } from '../contract'
import { ProviderError } from '#server/errors'
import { codeOf, toProviderError } from './failure'
import { handlerOf } from './handler'
import { homeRegion } from './regions'
import { openService, type ClientConfig, type Service } from './services'

/** Seconds: the least that STS gives, and enough for a scan; a longer one assumes the role again. */
const SESSION_SECONDS = 900

export interface RoleCredentials { accessKeyId: string, secretAccessKey: string, sessionToken: string, expiration: Date }

/** What all clients of an opening share. */
export function configOf({ apiBase, ...opening }: Pick<Opening, 'apiBase' | 'fetch' | 'signal'>): ClientConfig {
  return { requestHandler: handlerOf(opening), maxAttempts: 3, retryMode: 'adaptive', ...(apiBase === null ? {} : { endpoint: apiBase }) }
}

/** Regional, not the old global endpoint: its sessions are good in every region. */
export function homeOf({ settings }: Pick<Opening, 'settings'>): string {
  return settings.region ?? homeRegion
}

function ownService(opening: Opening): Promise<Service<'sts'>> {
  const { clientId, clientSecret } = opening
  return openService('sts', { ...configOf(opening), region: homeOf(opening), credentials: { accessKeyId: clientId, secretAccessKey: clientSecret } })
}

/** Stands in the customer's CloudTrail beside every call: `integration-<id>`. */
function sessionName({ reference }: Opening): string {
  return `integration-${reference ?? 'new'}`.replace(/[^\w+=,.@-]/g, '-').slice(0, 64)
}

/** @throws ProviderError role_refused: missing, trusts others, another id; STS does not tell which */
export async function assume(opening: Opening, externalId: string | null = opening.facts.external_id ?? null): Promise<RoleCredentials> {
  const { sdk, client } = await ownService(opening)
  const action = 'sts:AssumeRole'
  try {
    const { Credentials: given } = await client.send(new sdk.AssumeRoleCommand({
      RoleArn: opening.credential, RoleSessionName: sessionName(opening), DurationSeconds: SESSION_SECONDS, ...(externalId === null ? {} : { ExternalId: externalId }),
    }))
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken, Expiration: expiration } = given ?? {}
    if (!accessKeyId || !secretAccessKey || !sessionToken || !expiration) throw new ProviderError('unexpected_shape', action)
    return { accessKeyId, secretAccessKey, sessionToken, expiration }
  }
  catch (error) {
    opening.signal?.throwIfAborted()
    throw toProviderError(error, action, 'ours')
  }
}

async function opens(opening: Opening, externalId: string | null): Promise<boolean> {
  try {
    await assume(opening, externalId)
    return true
  }
  catch (error) {
    if (error instanceof ProviderError && error.kind === 'role_refused') return false
    throw error
  }
}

/**
 * The role with its id, and the two ways that must be shut. A session that comes of them is dropped unused.
 * @throws ProviderError for what says nothing about the role: a refusal that may be anything's is no proof that a way is shut
 */
export async function tryTrust(opening: Opening): Promise<Trust> {
  if (!await opens(opening, opening.facts.external_id ?? null)) return { withId: false, withoutId: false, withAnotherId: false }
  const [withoutId, withAnotherId] = await Promise.all([opens(opening, null), opens(opening, randomUUID())])
  return { withId: true, withoutId, withAnotherId }
}

const principals = new Map<string, Promise<string>>()

/** The operator's word for it, or what STS says; asked once per key. @throws ProviderError */
export async function principal(opening: Opening): Promise<string> {
  if (opening.settings.principal_arn) return opening.settings.principal_arn
  const key = `${opening.clientId} ${opening.apiBase}`
  const known = principals.get(key) ?? askWhoWeAre(opening)
  principals.set(key, known)
  try {
    return await known
  }
  catch (error) {
    principals.delete(key)
    throw error
  }
}

async function askWhoWeAre(opening: Opening): Promise<string> {
  const action = 'sts:GetCallerIdentity'
  const { sdk, client } = await ownService(opening)
  const { Arn: arn } = await client.send(new sdk.GetCallerIdentityCommand({})).catch((error: unknown) => {
    throw codeOf(error) === 'AccessDenied' ? new ProviderError('application_refused', action) : toProviderError(error, action, 'ours')
  })
  if (!arn) throw new ProviderError('unexpected_shape', action)
  return arn
}
