/** Two people and one organization: invited by a link, held to a role, promoted, and put out again. */
import { expect, it } from 'vitest'
import { ApiClient, newPerson } from '../support/client.ts'
import { connectAndScan } from '../support/company.ts'
import { hydrated, open, picture, setupSandbox, visit } from '../support/nuxt-e2e.ts'
import { goTo, listed, signUp } from './steps.ts'

const app = await setupSandbox()

it('a link brings a second person into the organization as a member, who may look and not touch', async () => {
  const client = new ApiClient(app.url)
  const boss = newPerson('owner')
  await client.signUp(boss)
  const { integrationId } = await connectAndScan(client)
  const { page: owner, errors } = await visit({ as: client })
  const colleague = newPerson('member')

  await open(owner, '/settings/members')
  await owner.getByLabel('Email address').fill(colleague.email)
  await owner.getByRole('button', { name: 'Create invitation' }).click()
  const link = await owner.getByLabel(`invitation link for ${colleague.email}`, { exact: true }).inputValue()
  expect(new URL(link).origin).toBe(app.url)
  await owner.getByText('the link works until').waitFor()
  await picture(owner, 'invitation-link-desktop-light')

  const { page: member, errors: memberErrors } = await visit()
  await open(member, link)
  await member.getByRole('heading', { name: `Join ${boss.organization}` }).waitFor()
  expect(member.url(), 'the token leaves the address').toBe(`${app.url}/invitation`)
  await picture(member, 'invitation-desktop-light')
  await member.getByRole('link', { name: 'Create an account to accept' }).click()
  await signUp(member, { email: colleague.email, password: colleague.password })
  await member.getByRole('heading', { name: 'Overview' }).waitFor()
  await member.getByText(boss.organization).filter({ visible: true }).first().waitFor()

  await goTo(member, 'Integrations')
  await member.getByRole('article', { name: 'Supabase' }).waitFor()
  expect(await member.getByRole('link', { name: 'Connect Supabase' }).count()).toBe(0)
  for (const path of [`/integrations/${integrationId}`, `/integrations/${integrationId}/configuration`, '/settings/integrations', '/settings/members']) {
    await open(member, path)
    await member.getByRole('region').first().waitFor()
    const controls = member.getByRole('main').getByRole('button', { name: /Scan now|Pause|Remove|Save|Create invitation/ })
    expect([path, await controls.count(), await member.getByRole('main').getByRole('switch').count(), await member.getByRole('main').getByRole('combobox').count()]).toEqual([path, 0, 0, 0])
  }
  expect(await member.getByRole('link', { name: 'Audit log' }).count()).toBe(0)

  await open(owner, '/settings/members')
  await owner.getByLabel(`Role of ${colleague.email}`).selectOption('admin')
  await owner.getByText('Role changed').first().waitFor()
  await open(member, '/integrations')
  await member.getByRole('link', { name: 'Connect Supabase' }).waitFor()

  await owner.getByRole('button', { name: `Remove ${colleague.email}` }).click()
  await owner.getByRole('dialog').getByRole('button', { name: /Remove/ }).click()
  await owner.getByText(`${colleague.email} is no longer a member`).first().waitFor()
  expect(await listed(owner, '/api/members')).toHaveLength(1)
  await member.goto('/integrations')
  await hydrated(member)
  await member.getByText('You belong to no organization').waitFor()
  expect({ errors, memberErrors }).toEqual({ errors: [], memberErrors: [] })
})

it('a link that was used says so, and what to do', async () => {
  const client = new ApiClient(app.url)
  await client.signUp()
  const { url: link } = (await client.post<{ url: string }>('/api/invitations', { email: 'late@example.com', role: 'member' })).body
  const [invitation] = (await client.get<{ data: { id: string }[] }>('/api/invitations')).body.data
  await client.delete(`/api/invitations/${invitation?.id}`)
  const { page } = await visit()
  await open(page, link)
  await page.getByText('Ask the person who invited you for a new link.').waitFor()
})
