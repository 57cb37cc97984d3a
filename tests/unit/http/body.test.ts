import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { createEvent } from 'h3'
import { describe, expect, it } from 'vitest'
import { BODY_LIMIT, readJson } from '#server/http/body'

/** A request whose body comes in these pieces. */
function requestOf(pieces: (string | Buffer)[], contentType: string | undefined = 'application/json') {
  const request = new IncomingMessage(new Socket())
  request.method = 'POST'
  if (contentType !== undefined) request.headers['content-type'] = contentType
  for (const piece of pieces) request.push(piece)
  request.push(null)
  return createEvent(request, new ServerResponse(request))
}
const codeOf = (pieces: (string | Buffer)[], contentType?: string) => readJson(requestOf(pieces, contentType)).then(() => 'ok', (error: { code?: string }) => error.code)

describe('readJson', () => {
  it.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON', 'application/merge-patch+json'])('reads %s', async (type) => {
    expect(await readJson(requestOf(['{"a"', ': "', 'é"}'], type))).toEqual({ a: 'é' })
  })

  it.each(['text/plain', '', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonp', 'text/json', 'xapplication/json'])('refuses %j', async (type) => {
    expect(await codeOf(['{}'], type)).toBe('unsupported_media_type')
  })

  it('has nothing to say of an empty body, whatever its type', async () => {
    expect(await readJson(requestOf([], 'text/plain'))).toBeUndefined()
  })

  it.each([['{'], ['{"a": 1,}'], ['undefined'], [Buffer.from([0xFF, 0xFE, 0x22])], [Buffer.from([0x22, 0xC3, 0x22])], ['{}{}']])('refuses %j', async piece => expect(await codeOf([piece])).toBe('invalid_json'))

  it('joins a character that came in two pieces', async () => {
    const text = Buffer.from('"é"')
    expect(await readJson(requestOf([text.subarray(0, 2), text.subarray(2)]))).toBe('é')
  })

  it('takes as many bytes as the limit says, and not one more', async () => {
    const whole = `"${'x'.repeat(BODY_LIMIT - 2)}"`
    expect(await codeOf([whole])).toBe('ok')
    expect(await codeOf([whole, ' '])).toBe('body_too_large')
    expect(await codeOf(Array.from({ length: 70 }, () => 'x'.repeat(1024)), 'text/plain')).toBe('body_too_large')
  })

  it.each([['text', '{"a":1}'], ['bytes', Buffer.from('{"a":1}')], ['an object', { a: 1 }]])('reads what an internal call carries as %s', async (_, body) => {
    const event = requestOf([])
    Object.assign(event.node.req, { body })
    expect(await readJson(event)).toEqual({ a: 1 })
  })
})
