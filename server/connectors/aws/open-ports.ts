import type { z } from 'zod'
import type { securityGroups } from './endpoints'

type Group = z.infer<typeof securityGroups.schema>[number]
type Rule = NonNullable<Group['IpPermissions']>[number]

const adminPorts = [22, 3389]
const everywhere = ['0.0.0.0/0', '::/0']

/** Whether a rule lets everybody reach SSH or RDP; undefined: it does not say. */
function opens(rule: Rule): boolean | undefined {
  const { IpProtocol: protocol, FromPort: from, ToPort: to, IpRanges: four, Ipv6Ranges: six } = rule
  const sources = [...(four ?? []).map(range => range.CidrIp), ...(six ?? []).map(range => range.CidrIpv6)]
  const fromAnywhere = sources.some(source => source !== undefined && everywhere.includes(source))
  const readSources = four !== undefined && six !== undefined && !sources.includes(undefined)
  if (!fromAnywhere) return readSources ? false : undefined
  if (protocol === '-1') return true
  if (protocol === undefined) return undefined
  // 6 is TCP, and RDP also comes over UDP (17).
  if (!['tcp', '6', 'udp', '17'].includes(protocol)) return false
  if (from === undefined || to === undefined) return undefined
  return adminPorts.some(port => from <= port && port <= to)
}

/** The same of a group; a rule that is open decides, whatever else could not be read. */
export function opensAdminPorts({ IpPermissions: rules }: Group): boolean | undefined {
  const answers = rules?.map(opens) ?? [undefined]
  return answers.includes(true) ? true : answers.includes(undefined) ? undefined : false
}
