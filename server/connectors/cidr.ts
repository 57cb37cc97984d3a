/** Networks as `address/prefix`, and what they add up to. */
import { isIP } from 'node:net'

interface Network { version: 4 | 6, length: number }

/** `203.0.113.0/24`; a bare address is a network of one; undefined for anything else. */
export function networkOf(cidr: string): Network | undefined {
  const [address = '', prefix, ...rest] = cidr.trim().split('/')
  const version = isIP(address)
  if ((version !== 4 && version !== 6) || rest.length > 0) return undefined
  const bits = version === 4 ? 32 : 128
  if (prefix === undefined) return { version, length: bits }
  const length = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  return length <= bits ? { version, length } : undefined
}

/** What is in use of IPv6 is an eighth of it: https://www.iana.org/assignments/ipv6-unicast-address-assignments. */
const inUse = { 4: 1, 6: 1 / 8 } as const

/**
 * Whether these networks together are everybody: half of the internet or more, as somebody writes `0.0.0.0/1` and `128.0.0.0/1`
 * where `0.0.0.0/0` is refused. What is no network adds nothing.
 */
export function isEverybody(cidrs: readonly string[]): boolean {
  const share = { 4: 0, 6: 0 }
  for (const cidr of new Set(cidrs)) {
    const network = networkOf(cidr)
    if (network) share[network.version] += 2 ** -network.length / inUse[network.version]
  }
  return share[4] >= 0.5 || share[6] >= 0.5
}
