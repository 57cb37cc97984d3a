import { expect, it } from 'vitest'
import { covers } from '#server/connectors/netlify/site'
import { looksSecret } from '#server/connectors/netlify/variable-names'

it.each([
  'API_TOKEN', 'STRIPE_SECRET_KEY', 'SECRET', 'dbPassword', 'githubAccessToken', 'AWS_SECRET_ACCESS_KEY', 'AWS_ACCESS_KEY_ID', 'PRIVATE_KEY', 'PRIVATE_KEY_PEM',
  'OPENAI_API_KEY', 'DATABASE_URL', 'SENTRY_DSN', 'SUPABASE_SERVICE_ROLE_KEY', 'CLIENT-SECRET', 'app.credentials', 'SMTP_PASSWD', 'REDIS_URL',
])('%s has the name of a secret', (name) => {
  expect(looksSecret(name)).toBe(true)
})

it.each([
  '', 'LOG_LEVEL', 'NODE_VERSION', 'SITE_TITLE', 'NEXT_PUBLIC_API_KEY', 'VITE_MAP_TOKEN', 'REACT_APP_API_KEY', 'STRIPE_PUBLISHABLE_KEY', 'JWT_PUBLIC_KEY',
  'TOKENIZER', 'SECRETARY', 'KEYBOARD', 'API_URL', 'PASSWORDLESS',
])('%j has not', (name) => {
  expect(looksSecret(name)).toBe(false)
})

it.each([
  [['a.example'], 'a.example', true], [['A.Example'], 'a.example', true], [['*.example.com'], 'www.example.com', true],
  [['*.example.com'], 'example.com', false], [['*.example.com'], 'a.b.example.com', false], [['b.example'], 'a.example', false], [[], 'a.example', false], [['*'], 'a.example', false],
])('a certificate for %j covers %s: %s', (names, domain, yes) => {
  expect(covers(names, domain)).toBe(yes)
})
