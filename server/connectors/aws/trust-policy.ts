/**
 * Who may become the role. The external id is ours, one per connection, and is what keeps somebody from naming to us a role of
 * somebody else's (https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html). It is no secret.
 */
import type { Evidence, Settings, Trusting } from '../contract'
import { homeRegion } from './regions'

/** Managed by AWS; read-only. It covers every call of this connector. */
export const securityAudit = 'arn:aws:iam::aws:policy/SecurityAudit'
export const roleName = 'AllyShipScanner'

export function trustPolicy({ principal, externalId }: Trusting) {
  return {
    Version: '2012-10-17',
    Statement: [{
      Effect: 'Allow',
      Principal: { AWS: principal },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': externalId } },
    }],
  } satisfies Evidence
}

const parameters = { principal: 'PrincipalArn', externalId: 'ExternalId' } as const

/** A CloudFormation template with both values as defaults: the same file serves the quick-create link, which sets them. */
export function template({ principal, externalId }: Trusting): string {
  return `${JSON.stringify({
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'A read-only role that AllyShip Integrations may take on, under an external id of its own.',
    Parameters: {
      [parameters.principal]: { Type: 'String', Default: principal, Description: 'Who may take on the role. Leave it as it is.' },
      [parameters.externalId]: { Type: 'String', Default: externalId, Description: 'Made for this one connection. Leave it as it is.', MinLength: 2, MaxLength: 1224, AllowedPattern: '[\\w+=,.@:/-]*' },
    },
    Resources: {
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: {
          RoleName: roleName,
          Description: 'Read-only, for AllyShip Integrations',
          MaxSessionDuration: 3600,
          ManagedPolicyArns: [securityAudit],
          AssumeRolePolicyDocument: {
            ...trustPolicy({ principal: '', externalId: '' }),
            Statement: [{
              Effect: 'Allow',
              Principal: { AWS: { Ref: parameters.principal } },
              Action: 'sts:AssumeRole',
              Condition: { StringEquals: { 'sts:ExternalId': { Ref: parameters.externalId } } },
            }],
          },
        },
      },
    },
    Outputs: { RoleArn: { Description: 'Paste this into AllyShip Integrations.', Value: { 'Fn::GetAtt': ['Role', 'Arn'] } } },
  }, null, 2)}\n`
}

/**
 * The console's page that creates the stack; a person may still change everything there, so what came of it is verified.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stacks-quick-create-links.html
 */
export function quickCreate({ principal, externalId }: Trusting, settings: Settings): string | null {
  if (!settings.template_url) return null
  const region = settings.region ?? homeRegion
  const query = new URLSearchParams({
    templateURL: settings.template_url, stackName: roleName, [`param_${parameters.principal}`]: principal, [`param_${parameters.externalId}`]: externalId,
  })
  return `https://${region}.console.aws.amazon.com/cloudformation/home?region=${region}#/stacks/quickcreate?${query}`
}
