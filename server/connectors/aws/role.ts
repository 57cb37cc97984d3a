import type { NamedRole } from '../contract'

/** IAM's own limits: a path of up to 512 characters, a name of up to 64 (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html). */
const arn = /^arn:([a-z-]{1,20}):iam::(\d{12}):role\/((?:[\x21-\x7E]{1,510}\/)?)([\w+=,.@-]{1,64})$/

/** What a person may have pasted in its place, and what to do about it. */
const others: readonly (readonly [RegExp, string])[] = [
  [/^$/, 'Paste the ARN of the role.'],
  [/^arn:[a-z-]+:sts:/, 'This is a session of a role, not the role. Open the role in IAM and copy its ARN, which has "iam" and ":role/" in it.'],
  [/^arn:[a-z-]+:iam::\d{12}:(?:user|group|policy|instance-profile|root)/, 'This ARN is not that of a role. Open the role in IAM and copy its ARN, which has ":role/" in it.'],
  [/^arn:[a-z-]+:cloudformation:/, 'This is the ARN of the stack. Open the stack\'s Outputs and copy the role\'s ARN.'],
  [/^\d{12}$/, 'This is the number of the account. Copy the ARN of the role that you made in it.'],
]

/**
 * Reads a role's ARN. Partitions are worlds apart: an identity of one is unknown in the others, so that ours can't get into
 * AWS GovCloud or AWS China (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
 */
export function readRole(text: string): NamedRole | { wrong: string } {
  const pasted = text.trim()
  const [, partition, accountId] = arn.exec(pasted) ?? []
  if (partition === undefined || accountId === undefined) {
    return { wrong: others.find(([form]) => form.test(pasted))?.[1] ?? 'This is not the ARN of a role: arn:aws:iam::, the account\'s twelve digits, :role/ and the role\'s name.' }
  }
  if (partition !== 'aws') return { wrong: 'This role is in AWS GovCloud or AWS China, which are apart from the rest of AWS: they can\'t be connected here.' }
  return { arn: pasted, accountId, facts: { account_id: accountId, partition } }
}
