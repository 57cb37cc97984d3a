import { defineCheck } from '../../contract'
import { fail, holds, judge } from '../../verdict'
import { cis } from '../cis'
import { publicAccessBlock } from '../endpoints'

const on = (value: boolean | undefined) => holds(value, flag => flag)

export const s3PublicAccessBlock = defineCheck({
  id: 'aws_s3_public_access_block',
  title: 'The account blocks public access to S3',
  severity: 'high',
  category: 'data_protection',
  rationale: 'One wrong policy or list of rights on a bucket makes its files public. The account\'s block stands above them all, for buckets of the future too.',
  remediation: {
    steps: [
      'Find out which buckets are public on purpose, and put something in front of them (CloudFront with origin access control).',
      'Open S3, Block Public Access settings for this account, and switch on all four.',
    ],
    url: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/configuring-block-public-access-account.html',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  cis: cis(['2.1.4'], ['3.1.4']),
  iso27001: { controls: ['A.8.3'], own: true },
  kinds: ['account'],
  reads: { block: publicAccessBlock },
  evaluate: ({ block }) => {
    if (block === null) return fail('The account has no block of public access.')
    const { BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets } = block.PublicAccessBlockConfiguration
    return judge([
      { field: 'BlockPublicAcls', ok: on(BlockPublicAcls), wrong: 'new public lists of rights are not blocked' },
      { field: 'IgnorePublicAcls', ok: on(IgnorePublicAcls), wrong: 'present public lists of rights are not ignored' },
      { field: 'BlockPublicPolicy', ok: on(BlockPublicPolicy), wrong: 'new public policies are not blocked' },
      { field: 'RestrictPublicBuckets', ok: on(RestrictPublicBuckets), wrong: 'present public policies are not restricted' },
    ], 'All four blocks of public access are on.', {})
  },
})
