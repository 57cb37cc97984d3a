import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import process from 'node:process'
import { createEvent } from 'h3'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { requestInfo } from '#server/http/request-info'
import { loadEnv } from '#server/utils/env'

function infoOf(headers: Record<string, string>, trustProxy: boolean, remote = '::ffff:10.0.0.9') {
  vi.stubEnv('TRUST_PROXY', trustProxy ? '1' : '0')
  loadEnv()
  const socket = new Socket()
  Object.defineProperty(socket, 'remoteAddress', { value: remote })
  const request = new IncomingMessage(socket)
  Object.assign(request.headers, headers)
  return requestInfo(createEvent(request, new ServerResponse(request)))
}
afterEach(() => {
  vi.unstubAllEnvs()
  delete process.env.TRUST_PROXY
  loadEnv()
})

describe('requestInfo', () => {
  it('believes nobody\'s X-Forwarded-For unless a proxy is trusted', () => {
    expect(infoOf({ 'x-forwarded-for': '203.0.113.1' }, false).ip).toBe('10.0.0.9')
  })

  it.each([['203.0.113.1', '203.0.113.1'], ['1.1.1.1, 203.0.113.1', '203.0.113.1'], ['1.1.1.1,2001:db8::1 ', '2001:db8::1'], ['', '10.0.0.9'], ['1.1.1.1, ', '10.0.0.9'], ['::ffff:203.0.113.1', '203.0.113.1']])(
    'takes of %j what the proxy saw: %s', (header, ip) => expect(infoOf({ 'x-forwarded-for': header }, true).ip).toBe(ip))

  it('keeps a user agent of at most 300 characters', () => {
    expect(infoOf({ 'user-agent': 'x'.repeat(1_000) }, false).userAgent).toHaveLength(300)
    expect(infoOf({}, false)).toMatchObject({ userAgent: null, requestId: 'none' })
  })
})
