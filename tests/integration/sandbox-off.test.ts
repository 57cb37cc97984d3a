/** Without SANDBOX=1 there is no stand-in and no control page, whoever asks and however. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startApp, type TestApp } from '../support/app.ts'
import { ApiClient } from '../support/client.ts'

let app: TestApp
beforeAll(async () => { app = await startApp({ env: { SANDBOX: '0' } }) })
afterAll(() => app?.stop())

it.each(['/sandbox', '/sandbox/', '/sandbox/slack', '/sandbox/slack/api/auth.test', '/sandbox/aws/create-role'])('answers 404 at %s', async (path) => {
  const client = new ApiClient(app.url)
  const answers = [
    await client.get(path),
    await client.get(path, { headers: { accept: 'application/json' } }),
    await client.post(path, { do: 'reset' }),
    await client.call('POST', path, { body: 'do=reset', headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
  ]
  expect(answers.map(answer => answer.status)).toEqual([404, 404, 404, 404])
})
