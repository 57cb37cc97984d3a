import { defineCheck } from '../../contract'
import { capped, fail, notApplicable, pass, plural, unverified } from '../../verdict'
import { cis } from '../cis'
import { securityGroups } from '../endpoints'
import { adminPrefixLists, opensAdminPorts } from '../open-ports'

export const sgNoPublicAdmin = defineCheck({
  id: 'aws_sg_no_public_admin',
  title: 'No security group opens SSH or RDP to everybody',
  severity: 'high',
  category: 'network',
  rationale: 'Ports for administration that the whole internet reaches are tried within minutes, with known passwords and known weaknesses.',
  remediation: {
    steps: [
      'Remove the rules named in the evidence, or narrow them to your own addresses.',
      'Use Session Manager or EC2 Instance Connect, which need no open port.',
    ],
    url: 'https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager.html',
  },
  soc2: { criteria: ['CC6.6'], own: false },
  cis: cis(['5.3', '5.4'], ['6.3', '6.4']),
  iso27001: { controls: ['A.8.20', 'A.8.22'], own: true },
  kinds: ['region'],
  reads: { groups: securityGroups },
  evaluate: ({ groups }) => {
    if (groups.length === 0) return notApplicable('There is no security group in this region.')
    const open = groups.filter(group => opensAdminPorts(group) === true)
    const unread = groups.filter(group => opensAdminPorts(group) === undefined)
    const names = (list: typeof groups) => capped(list.map(group => `${group.GroupId} (${group.GroupName?.slice(0, 100) ?? '?'})`))
    const lists = [...new Set(unread.flatMap(adminPrefixLists))]
    // Groups count whether something is attached to them or not: that changes without anybody looking at the rules.
    const evidence = { groups: groups.length, ...(open.length > 0 && { open: names(open) }), ...(unread.length > 0 && { unread: names(unread) }), ...(lists.length > 0 && { prefix_lists: capped(lists) }) }
    if (open.length > 0) return fail(`${plural(open.length, 'security group lets', 'security groups let')} everybody reach SSH or RDP.`, evidence)
    if (lists.length > 0) return unverified(`${plural(lists.length, 'prefix list')} may reach SSH or RDP, and which networks are on ${lists.length === 1 ? 'it' : 'them'} is not read: look there yourself.`, evidence)
    if (unread.length > 0) return unverified(`EC2's answer did not say what ${plural(unread.length, 'security group')} opens.`, evidence)
    return pass('No security group opens SSH or RDP to everybody.', evidence)
  },
})
