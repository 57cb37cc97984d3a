/** Who somebody is, and becoming a role. */
import { daysAgo } from './account'
import type { Roles, Session } from './roles'
import { fault, type Outcome } from './wire'

export const scannerAccount = '999988887777'
/** This product's own principal. */
export const scannerArn = `arn:aws:iam::${scannerAccount}:user/allyship-scanner`

export function sessionArn({ role, name }: Session): string {
  return `arn:aws:sts::${role.accountId}:assumed-role/${role.arn.split('/').at(-1)}/${name}`
}

/** @param session null: our own principal */
export function callerIdentity(session: Session | null): Outcome {
  return { xml: session ? { Arn: sessionArn(session), UserId: `AROASANDBOX:${session.name}`, Account: session.role.accountId } : { Arn: scannerArn, UserId: 'AIDASANDBOXSCANNER00', Account: scannerAccount } }
}

const takes = ['RoleArn', 'RoleSessionName', 'DurationSeconds', 'ExternalId']
const sessionName = /^[\w+=,.@-]{2,64}$/
const externalIdForm = /^[\w+=,.@:/-]{2,1224}$/

/** Whatever is wrong with the role, the answer is the same: nobody learns which roles there are. */
export function assumeRole(input: Readonly<Record<string, string>>, roles: Roles, now: number): Outcome {
  const { RoleArn: arn = '', RoleSessionName: name = '', DurationSeconds: seconds = '3600', ExternalId: externalId } = input
  const unknown = Object.keys(input).filter(key => !takes.includes(key))
  if (unknown.length > 0 || !sessionName.test(name) || !/^\d{3,5}$/.test(seconds) || (externalId !== undefined && !externalIdForm.test(externalId))) return fault('ValidationError', 400, 'A parameter is not valid')
  if (Number(seconds) < 900 || Number(seconds) > 3600) return fault('ValidationError', 400, 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.')
  const session = roles.assume(arn, externalId ?? null, name, Number(seconds))
  if (!session) return fault('AccessDenied', 403, `User: ${scannerArn} is not authorized to perform: sts:AssumeRole on resource: ${arn}`)
  return {
    xml: {
      Credentials: {
        AccessKeyId: session.accessKeyId, SecretAccessKey: session.secretAccessKey, SessionToken: session.sessionToken, Expiration: daysAgo(now, -Number(seconds) / 86_400),
      },
      AssumedRoleUser: { AssumedRoleId: `AROASANDBOX:${name}`, Arn: sessionArn(session) },
    },
  }
}
