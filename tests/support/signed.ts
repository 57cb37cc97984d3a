/** Deliveries as providers sign them. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import type { Delivery } from '#server/connectors/contract'

/** The providers that tell us anything. */
export type Telling = 'slack' | 'github' | 'vercel'

export const keys: Readonly<Record<Telling, string>> = { slack: randomBytes(16).toString('hex'), github: randomBytes(32).toString('hex'), vercel: randomBytes(24).toString('hex') }

/** What the app needs in its environment to take them: an app that is registered there, and the key. */
export const environment: Readonly<Record<string, string>> = {
  SLACK_CLIENT_ID: '1.2', SLACK_CLIENT_SECRET: 'x', SLACK_SIGNING_SECRET: keys.slack,
  GITHUB_CLIENT_ID: 'Iv1.x', GITHUB_CLIENT_SECRET: 'x', GITHUB_APP_SLUG: 'ours', GITHUB_WEBHOOK_SECRET: keys.github,
  VERCEL_CLIENT_ID: 'oac_x', VERCEL_CLIENT_SECRET: keys.vercel, VERCEL_INTEGRATION_SLUG: 'ours',
}

const hmac = (algorithm: 'sha1' | 'sha256', key: string, ...parts: string[]) => parts.reduce((mac, part) => mac.update(part), createHmac(algorithm, key)).digest('hex')

/** @param type GitHub's, which stands in a header */
export function signed(provider: Telling, payload: object, type = 'installation'): { headers: Record<string, string>, body: string } {
  const body = JSON.stringify(payload)
  const headers = headersOf(provider, body, type)
  return { headers: { 'content-type': 'application/json', ...headers }, body }
}

function headersOf(provider: Telling, body: string, type: string): Record<string, string> {
  switch (provider) {
    case 'slack': {
      // Of the attempt, not of the event: a retry is signed anew.
      const timestamp = String(Math.floor(Date.now() / 1000))
      return { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': `v0=${hmac('sha256', keys.slack, `v0:${timestamp}:`, body)}` }
    }
    case 'github': return { 'x-github-event': type, 'x-github-delivery': randomUUID(), 'x-hub-signature-256': `sha256=${hmac('sha256', keys.github, body)}` }
    case 'vercel': return { 'x-vercel-signature': hmac('sha1', keys.vercel, body) }
  }
}

/** As the room takes it, past HTTP. */
export function asDelivery({ headers, body }: ReturnType<typeof signed>): Delivery {
  return { headers: new Headers(headers), body: new TextEncoder().encode(body) }
}
