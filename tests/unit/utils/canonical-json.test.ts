import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, digestsOf, signedText } from '#server/utils/canonical-json'

describe('canonicalJson', () => {
  it('is that of RFC 8785 section 3.2.2 and 3.2.3', () => {
    expect(canonicalJson({ numbers: [333333333.3333333, 1E30, 4.50, 2e-3, 0.000000000000000000000000001], string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/', literals: [null, true, false] }))
      .toBe('{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}')
    expect(canonicalJson({ '\u20ac': 'Euro Sign', '\r': 'Carriage Return', '\ufb33': 'Hebrew Letter Dalet With Dagesh', '1': 'One', '\ud83d\ude00': 'Emoji: Grinning Face', '\u0080': 'Control', '\u00f6': 'Latin Small Letter O With Diaeresis' }))
      .toBe('{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}')
  })

  it('does not depend on the order of keys, and says the same as JSON', () => {
    fc.assert(fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ noUnicodeString: false })), (value) => {
      const backwards = Object.fromEntries(Object.entries(value).reverse())
      expect(canonicalJson(backwards)).toBe(canonicalJson(value))
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }))
  })

  it.each([undefined, Number.NaN, Infinity, '\uD800', { a: undefined }, [() => 1], 1n])('has no spelling for %s', (value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError)
  })
})

it('digests each field by itself, and signs them with the format', () => {
  // echo -n '{"b":[1,2]}' | sha256sum
  expect(digestsOf({ a: { b: [1, 2] } })).toEqual({ a: '327e7b65c353d7a4e938bd1ad26fa662dbd3afad05a07c5bbdf7a97494fc6dba' })
  expect(signedText('x/1', { b: 'c', a: 'd' })).toBe('{"digests":{"a":"d","b":"c"},"format":"x/1"}')
})
