import type { ApiReader } from '#server/connectors/contract'
import { aws } from '#server/connectors/aws'
import { openApi } from '#server/oauth/open-api'
import { createAwsSandbox, awsStandIn, type AwsSandbox, type AwsSandboxOptions } from '../../../../server/sandbox/aws'
import { memoryStore } from '../../../../server/sandbox/store'

export const baseUrl = 'http://localhost:3000/sandbox/aws'
export const externalId = 'b7a1d0de-3f51-4f0e-9d0c-6a5b4c3d2e1f'

export interface Opened {
  sandbox: AwsSandbox
  /** Actions that were asked for, in order: `iam:GetAccountSummary`. */
  made: string[]
  client: Parameters<typeof openApi>[0]
  /** What a role with these regions gives. */
  open: (arn: string, options?: { regions?: string, externalId?: string, signal?: AbortSignal }) => ApiReader
}

/** The stand-in, and the connector on it without a network. */
export function openSandbox(options: Partial<AwsSandboxOptions> = {}): Opened {
  const { clientId, clientSecret } = awsStandIn.register()
  const sandbox = createAwsSandbox({ clientId, clientSecret, baseUrl, redirectUris: [], store: memoryStore(), ...options })
  const made: string[] = []
  const client = {
    connector: aws, clientId, clientSecret, apiBase: baseUrl, authBase: baseUrl, redirectUri: '', settings: {},
    fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
      const request = new Request(input, init)
      const service = /\/([a-z0-9-]+)\/aws4_request/.exec(request.headers.get('authorization') ?? '')?.[1] ?? '?'
      const form = new URLSearchParams(await request.clone().text())
      const target = request.headers.get('x-amz-target')?.split('.')[1]
      made.push(`${service}:${target ?? form.get('Action') ?? `${request.method} ${new URL(request.url).pathname.replace('/sandbox/aws', '')}`}`)
      return sandbox.fetch(request)
    },
  }
  return {
    sandbox, made, client,
    open: (arn, { regions = 'us-east-1,eu-west-1', externalId: id = externalId, signal } = {}) =>
      openApi(client, { accessToken: arn, facts: { account_id: /\d{12}/.exec(arn)?.[0] ?? '', partition: 'aws', external_id: id, regions }, reference: '5c1f7a1e-0000-4000-8000-000000000001', signal }),
  }
}
