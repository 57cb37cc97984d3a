import type { z } from 'zod'
import { isEverybody, networkOf } from '../cidr'
import type { securityGroups } from './endpoints'

type Group = z.infer<typeof securityGroups.schema>[number]
type Rule = NonNullable<Group['IpPermissions']>[number]

const adminPorts = [22, 3389]

/** Whether a rule is about SSH or RDP; undefined: it does not say. */
function reachesAdminPorts({ IpProtocol: protocol, FromPort: from, ToPort: to }: Rule): boolean | undefined {
  if (protocol === '-1') return true
  if (protocol === undefined) return undefined
  // 6 is TCP, and RDP also comes over UDP (17).
  if (!['tcp', '6', 'udp', '17'].includes(protocol)) return false
  if (from === undefined || to === undefined) return undefined
  return adminPorts.some(port => from <= port && port <= to)
}

/** Whether a rule lets everybody reach SSH or RDP; undefined: it does not say. */
function opens(rule: Rule): boolean | undefined {
  const { IpRanges: four, Ipv6Ranges: six, PrefixListIds: lists } = rule
  const sources = [...(four ?? []).map(range => range.CidrIp), ...(six ?? []).map(range => range.CidrIpv6)]
  const read = sources.filter(source => source !== undefined)
  if (isEverybody(read)) return reachesAdminPorts(rule)
  if (!four || !six || !lists || read.length < sources.length || read.some(source => networkOf(source) === undefined)) return undefined
  // What is on a prefix list is not read: it may be any network.
  return lists.length > 0 && reachesAdminPorts(rule) !== false ? undefined : false
}

/** The same of a group; a rule that is open decides, whatever else could not be read. */
export function opensAdminPorts({ IpPermissions: rules }: Group): boolean | undefined {
  const answers = rules?.map(opens) ?? [undefined]
  return answers.includes(true) ? true : answers.includes(undefined) ? undefined : false
}

/** The prefix lists that a group lets reach SSH or RDP. */
export function adminPrefixLists({ IpPermissions: rules = [] }: Group): string[] {
  return [...new Set(rules.filter(rule => reachesAdminPorts(rule) !== false).flatMap(rule => rule.PrefixListIds ?? []).map(list => list.PrefixListId ?? '?'))]
}
