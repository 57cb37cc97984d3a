import { defineCheck } from '../../contract'
import { capped, fail, notApplicable, pass, plural, sentence, unverified } from '../../verdict'
import { cis } from '../cis'
import { databases } from '../endpoints'

export const rdsHardened = defineCheck({
  id: 'aws_rds_hardened',
  title: 'Databases are private, encrypted and backed up',
  severity: 'critical',
  category: 'network',
  rationale: 'A database with an address of its own on the internet is one password away from being read; one without encryption or backups is lost with its disk.',
  remediation: {
    steps: [
      'Modify the instances named in the evidence: no public access, a backup retention of at least a week.',
      'Encryption can\'t be switched on later: copy a snapshot with encryption, restore it, and move over.',
    ],
    url: 'https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_BestPractices.Security.html',
  },
  soc2: { criteria: ['CC6.2', 'PI1.5', 'CC7.4', 'A1.1'], own: false },
  cis: cis(['2.2.1', '2.2.3'], ['3.2.1', '3.2.3']),
  iso27001: { controls: ['A.8.13', 'A.8.20', 'A.8.24'], own: true },
  kinds: ['region'],
  reads: { databases },
  evaluate: ({ databases: all }) => {
    if (all.length === 0) return notApplicable('There is no database instance in this region.')
    const names = (list: typeof all) => capped(list.map(one => one.DBInstanceIdentifier.slice(0, 100)))
    const open = all.filter(one => one.PubliclyAccessible === true)
    const clear = all.filter(one => one.StorageEncrypted === false)
    const unsaved = all.filter(one => one.BackupRetentionPeriod === 0)
    const unread = all.filter(one => [one.PubliclyAccessible, one.StorageEncrypted, one.BackupRetentionPeriod].includes(undefined))
    const evidence = {
      instances: all.length, ...(open.length > 0 && { public: names(open) }), ...(clear.length > 0 && { not_encrypted: names(clear) }),
      ...(unsaved.length > 0 && { not_backed_up: names(unsaved) }), ...(unread.length > 0 && { unread: names(unread) }),
    }
    const wrong = [
      ...(open.length > 0 ? [`${plural(open.length, 'database is', 'databases are')} public`] : []),
      ...(clear.length > 0 ? [`${plural(clear.length, 'database is', 'databases are')} not encrypted`] : []),
      ...(unsaved.length > 0 ? [`${plural(unsaved.length, 'database is', 'databases are')} not backed up`] : []),
    ]
    if (wrong.length > 0) return fail(sentence(wrong), evidence)
    if (unread.length > 0) return unverified(`RDS's answer did not say how ${plural(unread.length, 'database is', 'databases are')} set up.`, evidence)
    return pass('Every database is private, encrypted and backed up.', evidence)
  },
})
