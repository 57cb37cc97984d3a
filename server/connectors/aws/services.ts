/**
 * The SDK's clients, loaded when the first call needs them: most processes never do. Each refuses by itself every command that
 * is not one of reading, so that no mistake elsewhere changes anything in an account.
 */
import type { STSClientConfig } from '@aws-sdk/client-sts'

export type ClientConfig = Pick<STSClientConfig, 'region' | 'endpoint' | 'requestHandler' | 'credentials' | 'maxAttempts' | 'retryMode'>

/** Get, List, Describe; the credential report has to be made before it can be read; a role has to be assumed. */
export const reading = /^(?:(?:Get|List|Describe)[A-Z][A-Za-z]*|Generate[A-Z][A-Za-z]*Report|AssumeRole)Command$/

/** A defect on our side, and never an answer of AWS's. */
export class NotReading extends Error {
  override name = 'NotReading'
}

/** A middleware of the SDK, put first. */
function readOnly<Handler>(next: Handler, { commandName = '' }: { commandName?: string }): Handler {
  if (!reading.test(commandName)) throw new NotReading(`${commandName} is no command of reading`)
  return next
}
const first = { step: 'initialize', priority: 'high', name: 'readOnly' } as const

/** What the SDK makes of a call, before it is signed. */
interface Unsigned { protocol: string, hostname: string, port?: number, path: string }

/**
 * S3 Control puts the account in front of its host. One address that stands in the place of all hosts has no such names below it,
 * and may be a number that can have none: the request goes there as it is.
 */
function toOneAddress(endpoint: ClientConfig['endpoint']) {
  const address = typeof endpoint === 'string' ? new URL(endpoint) : null
  return <Input extends { request: unknown }, Output>(next: (input: Input) => Promise<Output>) => (input: Input): Promise<Output> => {
    const { request } = input
    if (address && typeof request === 'object' && request !== null && 'path' in request) {
      Object.assign(request, {
        protocol: address.protocol, hostname: address.hostname, port: address.port ? Number(address.port) : undefined, path: `${address.pathname.replace(/\/$/, '')}${String(request.path)}`,
      } satisfies Unsigned)
    }
    return next(input)
  }
}

const loaders = {
  async cloudtrail(config: ClientConfig) {
    const sdk = await import('@aws-sdk/client-cloudtrail')
    const client = new sdk.CloudTrailClient(config)
    client.middlewareStack.add(readOnly, first)
    return { sdk, client }
  },
  async ec2(config: ClientConfig) {
    const sdk = await import('@aws-sdk/client-ec2')
    const client = new sdk.EC2Client(config)
    client.middlewareStack.add(readOnly, first)
    return { sdk, client }
  },
  async guardduty(config: ClientConfig) {
    const sdk = await import('@aws-sdk/client-guardduty')
    const client = new sdk.GuardDutyClient(config)
    client.middlewareStack.add(readOnly, first)
    return { sdk, client }
  },
  async iam(config: ClientConfig) {
    const sdk = await import('@aws-sdk/client-iam')
    const client = new sdk.IAMClient(config)
    client.middlewareStack.add(readOnly, first)
    return { sdk, client }
  },
  async kms(config: ClientConfig) {
    const sdk = await import('@aws-sdk/client-kms')
    const client = new sdk.KMSClient(config)
    client.middlewareStack.add(readOnly, first)
    return { sdk, client }
  },
  async rds(config: ClientConfig) {
    const sdk = await import('@aws-sdk/client-rds')
    const client = new sdk.RDSClient(config)
    client.middlewareStack.add(readOnly, first)
    return { sdk, client }
  },
  async s3control(config: ClientConfig) {
    const sdk = await import('@aws-sdk/client-s3-control')
    const { endpoint, ...others } = config
    const client = new sdk.S3ControlClient(others)
    client.middlewareStack.add(readOnly, first)
    client.middlewareStack.add(toOneAddress(endpoint), { step: 'build', name: 'toOneAddress' })
    return { sdk, client }
  },
  async sts(config: ClientConfig) {
    const sdk = await import('@aws-sdk/client-sts')
    const client = new sdk.STSClient(config)
    client.middlewareStack.add(readOnly, first)
    return { sdk, client }
  },
}

export type ServiceName = keyof typeof loaders
export type Service<N extends ServiceName> = Awaited<ReturnType<(typeof loaders)[N]>>

/** The SDK of a service, and a client of it. */
export function openService<N extends ServiceName>(name: N, config: ClientConfig): Promise<Service<N>> {
  // The loader of that name gives the service of that name, which the compiler does not see through the index.
  return loaders[name](config) as Promise<Service<N>>
}
