import { defineCheck } from '../../contract'
import { fail, pass, unverified } from '../../verdict'
import { trust } from '../endpoints'

export const trustRequiresExternalId = defineCheck({
  id: 'aws_trust_requires_external_id',
  title: 'This product\'s role opens with its external id only',
  severity: 'critical',
  category: 'access_control',
  rationale: 'Without the condition, anybody else who connects this role\'s ARN to this product would see your account. It was there when the role was connected, and a trust policy can be changed at any time.',
  remediation: {
    steps: [
      'Open the role in IAM, Trust relationships, and edit the trust policy.',
      'Put the condition back: StringEquals, sts:ExternalId, with the id that the role was made with, in every statement that names this product\'s principal.',
    ],
    url: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html',
  },
  soc2: { criteria: ['CC6.1', 'CC6.3'], own: true },
  iso27001: { controls: ['A.5.15'], own: true },
  kinds: ['account'],
  reads: { trust },
  evaluate: ({ trust: { withId, withoutId, withAnotherId } }) => {
    const evidence = { opens_without_id: withoutId ?? null, opens_with_another_id: withAnotherId ?? null }
    if (withoutId === true) return fail('The role opens without an external id.', evidence)
    if (withAnotherId === true) return fail('The role opens with any external id.', evidence)
    // A role that did not open at all shows nothing of the other ways.
    if (withId !== true || withoutId === undefined || withAnotherId === undefined) return unverified('It could not be seen how the role opens.', evidence)
    return pass('The role opens with its external id only.', evidence)
  },
})
