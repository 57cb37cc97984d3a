import { createCipheriv, createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import { it } from 'vitest'
import { encryptConfig, useEncryptionKeys } from '#server/utils/encryption'
import { byTurns, report } from './report'

const CONFIGS_PER_ROUND = 2_000

it('encryptConfig against bare node:crypto on the same bytes', async () => {
  const raw = randomBytes(32)
  useEncryptionKeys({ current: raw.toString('base64') })
  const key = createSecretKey(raw)
  const context = { integrationId: randomUUID(), organizationId: randomUUID() }
  // The size of Supabase's tokens and larger: a JWT, and a refresh token.
  const config = { access_token: randomBytes(600).toString('base64url'), refresh_token: randomBytes(48).toString('base64url'), project_id: 'ref' }
  const secrets = [config.access_token, config.refresh_token]

  const bare = () => {
    for (let n = 0; n < CONFIGS_PER_ROUND; n++) {
      for (const secret of secrets) {
        const cipher = createCipheriv('aes-256-gcm', key, randomBytes(12))
        Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
        cipher.getAuthTag()
      }
    }
  }
  const ours = () => {
    for (let n = 0; n < CONFIGS_PER_ROUND; n++) encryptConfig(config, context)
  }
  const [bareMs, oursMs] = await byTurns(30, bare, ours)
  report({
    name: 'encryptConfig: rate against bare AES-256-GCM', value: bareMs / oursMs, unit: '×', target: { atLeast: 0.7 },
    detail: { bare_us: bareMs / CONFIGS_PER_ROUND * 1000, ours_us: oursMs / CONFIGS_PER_ROUND * 1000 },
  })
})
