import { defineCheck } from '../../contract'
import { fail, pass, unverified } from '../../verdict'
import { cis } from '../cis'
import { ebsEncryption } from '../endpoints'

export const ebsDefaultEncryption = defineCheck({
  id: 'aws_ebs_default_encryption',
  title: 'New volumes are encrypted by default',
  severity: 'medium',
  category: 'data_protection',
  rationale: 'A snapshot that is shared by mistake, or a disk that is not wiped, shows its content unless it is encrypted. As a default nobody has to think of it.',
  remediation: {
    steps: ['Open EC2 in the region, Settings, Data protection and security, EBS encryption, and enable Always encrypt new EBS volumes.', 'Copy unencrypted volumes that matter to encrypted ones.'],
    url: 'https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  cis: cis(['5.1.1'], ['6.1.1']),
  iso27001: { controls: ['A.8.24'], own: true },
  kinds: ['region'],
  reads: { encryption: ebsEncryption },
  evaluate: ({ encryption: { EbsEncryptionByDefault: on } }) => {
    if (on === undefined) return unverified('EC2\'s answer did not say whether new volumes are encrypted.')
    return on ? pass('New volumes are encrypted.') : fail('New volumes are not encrypted unless somebody thinks of it.')
  },
})
