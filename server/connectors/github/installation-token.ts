/**
 * An installation's own token, made with the app's private key
 * (https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-an-installation-access-token-for-a-github-app):
 * it lives an hour, counts against the installation's own limit and not against the person's, and has no more than the app's
 * permissions, whatever the person may do.
 */
import { createPrivateKey, sign, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import type { Minting } from '../contract'

const answer = z.object({ token: z.string().min(1), expires_at: z.iso.datetime({ offset: true }) })
  .transform(({ token, expires_at: end }) => ({ token, expiresAt: new Date(end) }))

/** A PEM file's text, with its line ends written as `\n` where a file of variables has one line for each; or that in base64. */
function keyOf(text: string): KeyObject {
  const pem = text.includes('-----BEGIN') ? text.replaceAll('\\n', '\n') : Buffer.from(text, 'base64').toString()
  return createPrivateKey(pem)
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
  path: ({ installation_id: id }) => id === undefined ? null : `/app/installations/${encodeURIComponent(id)}/access_tokens`,
  assertion,
  answer,
} satisfies Minting
