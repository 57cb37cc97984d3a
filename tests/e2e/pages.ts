/** Every page of pages/, how to come to it, and when it is drawn. */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

export type Who = 'nobody' | 'newcomer' | 'owner'

export interface Place {
  /** As a picture is called. */
  name: string
  path: (integrationId: string) => string
  /** Default: an owner with a scanned integration. */
  as?: Who
  /** Stands there when everything is drawn. */
  drawn: (page: Page) => ReturnType<Page['locator']>
  /** The page itself answers 404, which a browser notes in its console. */
  gone?: boolean
  /** What people come for: a keyboard reaches it. */
  actions?: (page: Page) => ReturnType<Page['locator']>[]
}

const heading = (name: string) => (page: Page) => page.getByRole('heading', { name, exact: true })
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).filter({ visible: true }).first()
const link = (page: Page, name: string | RegExp) => page.getByRole('link', { name }).filter({ visible: true }).first()
const control = (page: Page, name: string) => page.getByLabel(name).first()

/** Files that only frame other pages have no place of their own. */
export const frames = ['settings.vue', 'integrations/[id].vue', 'settings/index.vue']

export const places: Readonly<Record<string, readonly Place[]>> = {
  'index.vue': [
    { name: 'overview', path: () => '/', drawn: page => page.getByText(/verified checks? passed/), actions: page => [link(page, 'All findings'), link(page, /Critical/)] },
    { name: 'overview-empty', path: () => '/', as: 'newcomer', drawn: heading('Connect your first service'), actions: page => [link(page, 'Connect Supabase')] },
  ],
  'findings.vue': [
    { name: 'findings', path: () => '/findings', drawn: page => page.locator('details').first(), actions: page => [control(page, 'Severity'), page.locator('summary').first()] },
    { name: 'findings-filtered', path: () => '/findings?severity=low&status=resolved', drawn: page => page.getByText('No finding fits this filter'), actions: page => [link(page, 'Show all open findings')] },
    { name: 'findings-empty', path: () => '/findings', as: 'newcomer', drawn: page => page.getByText('No open findings') },
  ],
  'integrations/index.vue': [
    { name: 'integrations', path: () => '/integrations', drawn: page => page.getByRole('article').nth(1), actions: page => [link(page, 'Brightwater Labs'), link(page, 'Connect Supabase')] },
    { name: 'integrations-empty', path: () => '/integrations', as: 'newcomer', drawn: page => page.getByText('Nothing is connected yet'), actions: page => [link(page, 'Connect Supabase')] },
    { name: 'integrations-denied', path: () => '/integrations?error=access_denied', as: 'newcomer', drawn: page => page.getByRole('alert') },
  ],
  'integrations/confirm/[id].vue': [
    { name: 'confirm-ended', gone: true, path: () => '/integrations/confirm/3f6e4b1c-0000-4000-8000-000000000000', drawn: heading('There is nothing to confirm here any more'), actions: page => [link(page, 'Go to integrations')] },
  ],
  // One that is under way: role.test.ts.
  'integrations/connect/[provider].vue': [
    { name: 'role-ended', gone: true, path: () => '/integrations/connect/aws?flow=0123456789abcdef', drawn: heading('There is nothing to connect here any more'), actions: page => [link(page, 'Go to integrations')] },
  ],
  'integrations/install.vue': [
    { name: 'install-ended', gone: true, path: () => '/integrations/install?provider=supabase&flow=0123456789abcdef', drawn: heading('There is nothing to confirm here any more'), actions: page => [link(page, 'Go to integrations')] },
  ],
  'integrations/[id]/index.vue': [
    { name: 'integration', path: id => `/integrations/${id}`, drawn: heading('Evidence'), actions: page => [button(page, 'Scan now'), button(page, 'Pause'), page.locator('summary').first()] },
  ],
  'integrations/[id]/results.vue': [
    { name: 'integration-results', path: id => `/integrations/${id}/results`, drawn: page => page.locator('details').first(), actions: page => [button(page, /^Failed/), page.locator('summary').first()] },
  ],
  'integrations/[id]/configuration.vue': [
    { name: 'integration-configuration', path: id => `/integrations/${id}/configuration`, drawn: heading('Checks'), actions: page => [page.getByRole('switch').first(), control(page, 'Schedule as cron'), page.getByRole('switch').last()] },
  ],
  'integrations/[id]/health.vue': [
    { name: 'integration-health', path: id => `/integrations/${id}/health`, drawn: page => page.getByRole('region', { name: 'Timeline' }).getByRole('listitem').first() },
  ],
  'integrations/[id]/history.vue': [
    { name: 'integration-history', path: id => `/integrations/${id}/history`, drawn: page => page.getByText('Completed').first() },
  ],
  'integrations/[id]/audit.vue': [
    { name: 'integration-audit', path: id => `/integrations/${id}/audit`, drawn: page => page.getByRole('region', { name: 'Audit trail' }).getByRole('listitem').first() },
  ],
  'settings/integrations.vue': [
    { name: 'settings-integrations', path: () => '/settings/integrations', drawn: page => button(page, /^Remove/), actions: page => [button(page, /^Remove/)] },
    { name: 'settings-integrations-empty', path: () => '/settings', as: 'newcomer', drawn: page => page.getByText('Nothing is connected') },
  ],
  'settings/members.vue': [
    { name: 'settings-members', path: () => '/settings/members', drawn: page => button(page, /^Revoke/), actions: page => [control(page, 'Email address'), button(page, 'Create invitation'), button(page, /^Revoke/)] },
  ],
  'settings/organization.vue': [
    { name: 'settings-organization', path: () => '/settings/organization', drawn: page => button(page, 'Create organization'), actions: page => [button(page, 'Create organization'), button(page, /^Delete /)] },
  ],
  'settings/receipts.vue': [
    { name: 'settings-receipts', path: () => '/settings/receipts', drawn: page => link(page, /^Download receipt of/), actions: page => [link(page, /^Download receipt of/)] },
    { name: 'settings-receipts-empty', path: () => '/settings/receipts', as: 'newcomer', drawn: page => page.getByText('Nothing was removed yet') },
  ],
  'settings/calendar.vue': [
    { name: 'settings-calendar', path: () => '/settings/calendar', drawn: page => button(page, 'Make a calendar address'), actions: page => [button(page, 'Make a calendar address')] },
  ],
  'settings/audit.vue': [
    { name: 'settings-audit', path: () => '/settings/audit', drawn: page => page.getByRole('region', { name: 'Audit log' }).getByRole('listitem').first() },
  ],
  'sign-in.vue': [
    { name: 'sign-in', path: () => '/sign-in', as: 'nobody', drawn: heading('Sign in'), actions: page => [control(page, 'Email address'), button(page, 'Sign in'), link(page, 'Create an account')] },
  ],
  'sign-up.vue': [
    { name: 'sign-up', path: () => '/sign-up', as: 'nobody', drawn: heading('Create an account'), actions: page => [control(page, 'Organization'), button(page, 'Create account')] },
  ],
  'password/forgot.vue': [
    { name: 'password-forgot', path: () => '/password/forgot', as: 'nobody', drawn: heading('Reset your password'), actions: page => [button(page, 'Send the link')] },
  ],
  'password/reset.vue': [
    { name: 'password-reset', path: () => '/password/reset#token_hash=abc', as: 'nobody', drawn: heading('Choose a new password'), actions: page => [button(page, 'Save and sign in')] },
    { name: 'password-reset-incomplete', path: () => '/password/reset', as: 'nobody', drawn: heading('This link is incomplete') },
  ],
  'invitation.vue': [
    { name: 'invitation-incomplete', path: () => '/invitation', as: 'nobody', drawn: heading('This link is incomplete') },
  ],
}

export const pageFiles = (): string[] => globSync('**/*.vue', { cwd: join(import.meta.dirname, '../../pages') }).map(path => path.replaceAll('\\', '/')).sort()
