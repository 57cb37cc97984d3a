import type { Connector } from '../contract'
import { authorization } from './authorization'
import { checks } from './checks'
import { account, resources, unavailable } from './discovery'
import { accountAliases, callerIdentity, regionList } from './endpoints'
import { open } from './reader'
import { regionPattern } from './regions'

/** AWS: one role in one account; what is scanned is the account (`account`) and the regions that were chosen (`region`). */
export const aws = {
  id: 'aws',
  name: 'AWS',
  description: 'Checks root and user credentials, public access, CloudTrail, GuardDuty, encryption and open ports, through a read-only role.',
  neverRead: [
    'What is stored: objects in S3, rows in databases, secrets and parameters',
    'Logs and traffic of your services',
    'Access keys: only how old they are and when they were last used',
  ],
  brand: { icon: 'simple-icons:amazonwebservices', connectLabel: 'Connect AWS' },
  // Each service has hosts of its own, in each region; these two stand for them where one address is asked for.
  hosts: { api: 'https://sts.us-east-1.amazonaws.com', auth: 'https://console.aws.amazon.com' },
  authorization,
  settings: [
    { name: 'principal_arn', description: 'The ARN of the scanner\'s own principal, as trust policies name it. Without it, AWS is asked for it.', secret: false, required: false, pattern: /^arn:aws:iam::\d{12}:(?:root|(?:role|user)\/[\x21-\x7E]{1,576})$/ },
    { name: 'region', description: 'Where the global services and STS are asked. Default us-east-1.', secret: false, required: false, pattern: regionPattern },
    { name: 'template_url', description: 'The https address in S3 of the CloudFormation template, for the link that creates the role. Without it, the template is offered for download.', secret: false, required: false, pattern: /^https:\/\/[\w.-]+\.amazonaws\.com(?:\.cn)?\/[\x21-\x7E]{1,900}$/ },
  ],
  open,
  setup: {
    steps: [
      'In an AWS account of your own, make an IAM user for the scanner that may do nothing but sts:AssumeRole.',
      'Make an access key for it, and put its id and its secret into AWS_CLIENT_ID and AWS_CLIENT_SECRET.',
      'Optionally put the CloudFormation template into an S3 bucket and its address into AWS_TEMPLATE_URL, for a link that creates the role.',
      'Restart this installation.',
    ],
    url: 'https://console.aws.amazon.com/iam/home#/users',
  },
  secrets: ['access_token', 'refresh_token'],
  accountKind: 'account id',
  discovery: [callerIdentity, accountAliases, regionList],
  account,
  resources,
  unavailable,
  checks,
  defaultChecks: ['auth', 'access_control', 'data_protection', 'monitoring', 'network'],
  defaultSchedule: '0 6 * * *',
  retryAfter: () => null,
} satisfies Connector
