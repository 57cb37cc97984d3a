import { defineCheck } from '../../contract'
import { fail, pass, unverified } from '../../verdict'
import { siteSettings } from '../endpoints'
import { coversPreviews } from '../site'

export const previewsProtected = defineCheck({
  id: 'netlify_previews_protected',
  title: 'Previews and branch deploys are not open to everybody',
  severity: 'medium',
  category: 'access_control',
  rationale: 'Each preview has an address of its own that search engines and strangers find. It shows what is not published yet, often with test data and without the care that production gets.',
  remediation: {
    steps: [
      'Open Project configuration, Access & security, and choose who may see the project.',
      'Ask for a team login or a password, for all deploys or for those that are not production.',
      'As an owner set the same as the team\'s default, so that new projects start with it.',
    ],
    url: 'https://docs.netlify.com/manage/security/secure-access-to-sites/password-protection',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  iso27001: { controls: ['A.8.3', 'A.8.31'], own: true },
  kinds: ['site'],
  reads: { siteSettings },
  evaluate: ({ siteSettings: site }, { resource: { metadata } }) => {
    const context = (value: unknown) => typeof value === 'string' ? value : null
    const protections = [
      { name: 'team login', on: site.sso_login, context: site.sso_login_context },
      { name: 'password', on: site.has_password, context: site.password_context },
      { name: 'team login, by the team\'s default', on: site.account_sso_login ?? false, context: site.account_sso_login_context },
      { name: 'password, by the team\'s default', on: metadata.team_password === true, context: context(metadata.team_password_context) },
    ]
    const on = protections.filter(protection => protection.on)
    const evidence = { protections: on.map(({ name, context }) => `${name} (${context ?? 'no context'})`), plan: metadata.plan ?? null }
    if (on.some(protection => coversPreviews(protection.context))) return pass('Whoever opens a preview has to sign in or know the password.', evidence)
    if (on.length > 0) return unverified('Something protects the site, but Netlify\'s answer did not say whether that includes previews.', evidence)
    const unread = [...site.sso_login === false ? [] : ['sso_login'], ...site.has_password === false ? [] : ['has_password']]
    if (unread.length > 0) return unverified(`Netlify's answer did not say ${unread.join(', ')}.`, { ...evidence, unread })
    return fail('Neither a team login nor a password protects previews and branch deploys.', evidence)
  },
})
