/** Settings, Audit log: verify the chain, see that it was noted, download an export, and see a broken chain named. */
import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { newPerson } from '../support/client.ts'
import { open, setupStack, visit } from '../support/nuxt-e2e.ts'
import { signUp } from './steps.ts'

await setupStack()

it('verifies the log and exports it', async () => {
  const { page } = await visit()
  await open(page, '/sign-up')
  await signUp(page, newPerson())
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await open(page, '/settings/audit')
  const integrity = page.getByRole('region', { name: 'Integrity' })
  await integrity.getByRole('button', { name: 'Verify' }).click()
  await integrity.getByText(/^[1-9]\d* entr(?:y|ies) verified$/).waitFor()
  await page.getByRole('region', { name: 'Audit log' }).getByText('Audit verified').waitFor()

  const [download] = await Promise.all([page.waitForEvent('download'), integrity.getByRole('link', { name: 'Export' }).click()])
  expect(download.suggestedFilename()).toMatch(/^audit-[\w-]+\.jsonl$/)
  expect((await readFile(await download.path(), 'utf8')).split('\n')[0]).toContain('"format":"allyship-audit/1"')

  const sentence = 'Entry 2 is missing: it was written, and is not there any more.'
  await page.route('**/api/audit/verify', route => route.fulfill({ json: {
    ok: false, checked: 1, head: { seq: 3, hash: '0'.repeat(64) }, since: null, first_fault: { kind: 'removed', seq: 2, id: null, sentence }, verified_at: new Date().toISOString(),
  } }))
  await integrity.getByRole('button', { name: 'Verify' }).click()
  await integrity.getByText(sentence).waitFor()
  expect(await integrity.getByText('verified').count()).toBe(0)
})
