import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressBelow } from '#server/oauth/address'

describe('addressBelow', () => {
  it.each([
    ['https://api.example', '/v1/projects', 'https://api.example/v1/projects'],
    ['https://api.example/', '/v1/projects', 'https://api.example/v1/projects'],
    ['https://api.example/base/path/', '/v1/a%2Fb?x=1&y=%20', 'https://api.example/base/path/v1/a%2Fb?x=1&y=%20'],
    ['http://localhost:8000', '/a?next=//evil', 'http://localhost:8000/a?next=//evil'],
    ['https://api.example', '/a?', 'https://api.example/a?'],
  ])('%s and %s make %s', (base, path, expected) => expect(addressBelow(base, path).href).toBe(expected))

  it.each([
    '', '/', 'v1/projects', '//evil.example/a', '///evil.example', '/\\evil.example', '\\\\evil.example', 'https://evil.example/a', '@evil.example/', ':80@evil.example/',
    '.evil.example/a', '/..', '/../a', '/a/..', '/a/../../b', '/./a', '/%2e%2e/a', '/%2E%2e/a', '/.%2e/a', '/a/%2e', '/a//b', '/a\\b', '/a b', '/a#b', '/a?b#c', '/a\nb', '/a\tb', '/ü',
    '/a?b c', ' /a', '/v1/projects//x',
  ])('refuses %j', (path) => {
    for (const base of ['https://api.example', 'https://api.example/base']) expect(() => addressBelow(base, path)).toThrow(TypeError)
  })

  it('names neither path nor base when it refuses', () => {
    expect(() => addressBelow('https://api.example', '/../secret')).toThrow(/^The path of a call does not stay below its base address$/)
  })

  it('stays below the base or refuses, whatever comes', () => {
    const piece = fc.oneof(fc.constantFrom('/', '..', '.', '%2e', '\\', '//', '@', ':', '?', '#', 'https:', 'evil.example', '%2f', '\t'), fc.string({ maxLength: 4 }))
    fc.assert(fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      let url: URL | null = null
      try { url = addressBelow('https://api.example/base', pieces.join('')) }
      catch (error) { expect(error).toBeInstanceOf(TypeError) }
      if (url) {
        expect(url.origin).toBe('https://api.example')
        expect(url.pathname.startsWith('/base/')).toBe(true)
      }
    }), { numRuns: 2000 })
  })
})
