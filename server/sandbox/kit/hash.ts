import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

export function sha256(value: string): string {
  return createHash('sha256').update(value).digest('hex')
}

/** RFC 7636 section 4.2. */
export function s256(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}

/** 256 random bits; the prefix shows where a stray token came from. */
export function secret(prefix: string): string {
  return `${prefix}${randomBytes(32).toString('base64url')}`
}

/** Compares hashes: equal length whatever came in, and no time that depends on the content. */
export function same(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(a)), Buffer.from(sha256(b)))
}
