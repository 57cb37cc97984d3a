import { Buffer } from 'node:buffer'

/** application/x-www-form-urlencoded, as RFC 6749 appendix B wants it. */
function formEncode(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}

/** RFC 6749 section 2.3.1: both parts are form-encoded before they are joined, so that a colon in one stays its own. */
export function basicAuthorization(clientId: string, clientSecret: string): string {
  return `Basic ${Buffer.from(`${formEncode(clientId)}:${formEncode(clientSecret)}`).toString('base64')}`
}
