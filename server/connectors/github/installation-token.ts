/**
 * An installation's own token, made with the app's private key
 * (https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-an-installation-access-token-for-a-github-app):
 * it lives an hour, counts against the installation's own limit and not against the person's, and has the app's permissions,
 * whatever the person may do. Who is no owner would get what GitHub hides from them: the members' second factors, leaked secrets,
 * webhooks. So it is made for owners only, and with no more permissions than are asked for.
 */
import { createPrivateKey, sign, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import type { ApiReader, Minting, MintingOrder } from '../contract'
import { membership, user } from './endpoints'
import { chosenInstallation, type Installed } from './installation'

const answer = z.object({ token: z.string().min(1), expires_at: z.iso.datetime({ offset: true }) })
  .transform(({ token, expires_at: end }) => ({ token, expiresAt: new Date(end) }))

/** @throws ProviderError as `chosenInstallation` */
async function order(api: ApiReader): Promise<MintingOrder | null> {
  const installed = await chosenInstallation(api)
  const granted = installed?.permissions ?? []
  if (!installed || granted.length === 0 || !await owns(api, installed)) return null
  return {
    path: `/app/installations/${installed.id}/access_tokens`,
    // Of what is asked for no more than is granted: GitHub refuses to make a token with anything else.
    body: { permissions: Object.fromEntries(granted.map(name => [name, 'read'])) },
    detail: { minted_for: `installation ${installed.id}`, permissions: granted.map(name => `${name}:read`) },
  }
}

/** Another person's account shows its installation to those who work in one of its repositories. */
async function owns(api: ApiReader, { account: { id, login, type } }: Installed): Promise<boolean> {
  if (type === 'User') return (await api.get(user))?.id === id
  if (type !== 'Organization' || !login) return false
  const found = await api.get(membership, { kind: 'organization', externalId: '', name: login, metadata: { login } })
  return found?.role === 'admin' && found.state === 'active'
}

/** A PEM file's text, with its line ends written as `\n` where a file of variables has one line for each; or that in base64. */
function keyOf(text: string): KeyObject {
  const pem = text.includes('-----BEGIN') ? text.replaceAll('\\n', '\n') : Buffer.from(text, 'base64').toString()
  return createPrivateKey(pem)
}

/** Why assertions can't be signed with this, or null. */
export function privateKeyFault(text: string): string | null {
  try { return keyOf(text).asymmetricKeyType === 'rsa' ? null : 'is a private key of another kind than RSA' }
  catch { return 'holds no private key in PEM format, or only a part of one' }
}

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/**
 * https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app:
 * RS256, ten minutes at most, from a minute ago for clocks that differ.
 */
function assertion({ clientId, key, now }: { clientId: string, key: string, now: Date }): string {
  const seconds = Math.floor(now.getTime() / 1000)
  const signed = `${base64url({ alg: 'RS256', typ: 'JWT' })}.${base64url({ iss: clientId, iat: seconds - 60, exp: seconds + 540 })}`
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), keyOf(key)).toString('base64url')}`
}

export const installationToken = {
  key: 'PRIVATE_KEY',
  order,
  assertion,
  answer,
  // https://docs.github.com/en/rest/apps/apps#get-the-authenticated-app
  proofPath: '/app',
} satisfies Minting
