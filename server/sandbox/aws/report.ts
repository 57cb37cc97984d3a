import { daysAgo, type SandboxAccount } from './account'

const columns = [
  'user', 'arn', 'user_creation_time', 'password_enabled', 'password_last_used', 'password_last_changed', 'password_next_rotation', 'mfa_active',
  'access_key_1_active', 'access_key_1_last_rotated', 'access_key_1_last_used_date', 'access_key_1_last_used_region', 'access_key_1_last_used_service',
  'access_key_2_active', 'access_key_2_last_rotated', 'access_key_2_last_used_date', 'access_key_2_last_used_region', 'access_key_2_last_used_service',
  'cert_1_active', 'cert_1_last_rotated', 'cert_2_active', 'cert_2_last_rotated',
]

/** The credential report's CSV, with the words that AWS uses for what is not there. */
export function credentialReport({ id, users, summary }: SandboxAccount, now: number): string {
  const time = (days: number | null) => days === null ? 'N/A' : daysAgo(now, days)
  const noKey = ['false', 'N/A', 'N/A', 'N/A', 'N/A']
  const certificates = ['false', 'N/A', 'false', 'N/A']
  const root = ['<root_account>', `arn:aws:iam::${id}:root`, daysAgo(now, 900), 'not_supported', daysAgo(now, 200), 'not_supported', 'not_supported', String(summary.AccountMFAEnabled === 1), ...noKey, ...noKey, ...certificates]
  const rows = users.map(({ name, password, mfa, keys }) => [
    name, `arn:aws:iam::${id}:user/${name}`, daysAgo(now, 500),
    ...(password ? ['true', password.lastUsed === null ? 'no_information' : daysAgo(now, password.lastUsed), daysAgo(now, password.changed), 'N/A'] : ['false', 'N/A', 'N/A', 'N/A']), String(mfa),
    ...[0, 1].flatMap((index) => {
      const key = keys[index]
      return key ? ['true', time(key.rotated), time(key.lastUsed), 'us-east-1', 's3'] : noKey
    }),
    ...certificates,
  ])
  return [columns, root, ...rows].map(row => row.join(',')).join('\n')
}
