import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JsonFault, parseLocated } from '../../../scripts/lib/located-json.ts'

function faultOf(text: string): [number, number, string] {
  try {
    parseLocated(text)
  }
  catch (error) {
    if (error instanceof JsonFault) return [error.line, error.column, error.message]
    throw error
  }
  throw new Error('It was not refused')
}

describe('parseLocated', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(fc.property(fc.json(), fc.constantFrom(0, 2), (text, indent) => {
      const value: unknown = JSON.parse(text)
      expect(JSON.stringify(parseLocated(JSON.stringify(value, null, indent)).value)).toBe(JSON.stringify(value))
    }))
  })

  it('never takes what JSON.parse does not', () => {
    fc.assert(fc.property(fc.json(), fc.nat(), fc.string({ maxLength: 3 }), (json, where, noise) => {
      const at = where % (json.length + 1)
      const text = json.slice(0, at) + noise + json.slice(at)
      try {
        parseLocated(text)
      }
      catch (error) {
        expect(error).toBeInstanceOf(JsonFault)
        return
      }
      expect(() => JSON.parse(text) as unknown).not.toThrow()
    }))
  })

  it('knows the line of each key and item', () => {
    const root = parseLocated('{\n  "a": 1,\n\n  "b": {"c": [\n1,\n2]}\n}\n')
    expect(root.fields.get('a')?.line).toBe(2)
    expect(root.fields.get('b')?.line).toBe(4)
    expect(root.fields.get('b')?.fields.get('c')?.items.map(item => item.line)).toEqual([5, 6])
  })

  it('keeps a key that objects inherit as a key like any other', () => {
    const { value, fields } = parseLocated('{"__proto__": {"a": 1}, "constructor": 2}')
    expect([Object.keys(value as object), fields.size]).toEqual([['__proto__', 'constructor'], 2])
  })

  it.each<[string, [number, number, string]]>([
    ['', [1, 1, 'the text ends where a value is due']],
    ['{\n  "a": 1,\n', [3, 1, 'the text ends where a key is due']],
    ['{\n  "a": 1', [2, 9, 'the text ends where } is due']],
    ['{\n  "a": tru\n}', [2, 8, 'a value is due here']],
    ['{"a": 1, "a": 2}', [1, 10, 'the key "a" stands here a second time']],
    ['{"a": 1, "\\u0061": 2}', [1, 10, 'the key "a" stands here a second time']],
    ['{"a" 1}', [1, 6, ': is due here']],
    ['{"a": 1}\n{}', [2, 1, 'nothing may follow here']],
    ['["a\nb"]', [1, 2, 'this string holds what no string may']],
    ['["a', [1, 2, 'this string does not end']],
    ['[01]', [1, 2, 'this is no number']],
    ['[1.0]', [1, 2, 'this number is not written as it is read']],
    ['[9007199254740993]', [1, 2, 'this number is not written as it is read']],
    ['[1e999]', [1, 2, 'this number is not written as it is read']],
    ['['.repeat(60), [1, 52, 'it is nested too deeply']],
  ])('refuses %j with line and column', (text, fault) => expect(faultOf(text)).toEqual(fault))
})
