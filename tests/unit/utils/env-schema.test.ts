import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { keyFault } from '#server/utils/env-schema'

const key = randomBytes(32).toString('base64')

describe('keyFault', () => {
  it.each([
    ['', 'base64'], ['abc', 'base64'], [randomBytes(31).toString('base64'), 'base64'], [randomBytes(33).toString('base64'), 'base64'], [randomBytes(32).toString('hex'), 'base64'],
    [key.slice(0, -1), 'base64'], [`${key} `, 'base64'], [`${key}=`, 'base64'], [key.replace(/^./, '!'), 'base64'], [`${'A'.repeat(42)}B=`, 'base64'],
    [Buffer.alloc(32).toString('base64'), 'one byte'], [Buffer.alloc(32, 0xFF).toString('base64'), 'one byte'], [Buffer.alloc(32, 'a').toString('base64'), 'one byte'],
  ])('%j is refused', (text, reason) => {
    expect(keyFault(text)).toContain(reason)
    if (text) expect(keyFault(text)).not.toContain(text)
  })

  it('takes what openssl makes', () => {
    for (let round = 0; round < 100; round += 1) expect(keyFault(randomBytes(32).toString('base64'))).toBeNull()
  })
})
