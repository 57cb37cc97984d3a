import { isIP } from 'node:net'

/** `203.0.113.0/24` → 24; a bare address is a network of one; undefined for anything else. */
export function prefixLength(cidr: string): number | undefined {
  const [address = '', prefix, ...rest] = cidr.trim().split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return undefined
  const bits = version === 4 ? 32 : 128
  if (prefix === undefined) return bits
  const length = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  return length <= bits ? length : undefined
}
