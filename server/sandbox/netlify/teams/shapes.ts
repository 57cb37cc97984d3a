/** The smaller wire shapes, so that a team reads as what is particular to it. */
import type { JsonValue } from '../../store'
import { daysAgo } from './team'

export function member(name: string, role: string, options: { mfa: boolean, activeDaysAgo: number }) {
  return (now: number): JsonValue => ({
    ...membership(name, now),
    role,
    full_name: name,
    mfa_enabled: options.mfa,
    pending: false,
    // A date, not a time.
    last_activity_date: daysAgo(now, options.activeDaysAgo).slice(0, 10),
    created_at: daysAgo(now, 400),
  })
}

export function invitation(name: string, invitedDaysAgo: number) {
  return (now: number): JsonValue => ({
    ...membership(name, now), role: 'Developer', full_name: name, mfa_enabled: false, pending: true, last_activity_date: null, created_at: daysAgo(now, invitedDaysAgo),
  })
}

function membership(name: string, now: number): { [key: string]: JsonValue } {
  const id = Buffer.from(name).toString('hex').padEnd(24, '0').slice(0, 24)
  return { id, email: `${name.toLowerCase().replaceAll(' ', '.')}@brightwater.example`, avatar: '', site_access: 'all', managed_by_directory_sync: false, updated_at: daysAgo(now, 30) }
}

/** The value comes too, in clear unless it is marked. */
export function variable(key: string, isSecret: boolean, value = 'value-that-nobody-may-keep'): JsonValue {
  return {
    key,
    scopes: ['builds', 'functions', 'runtime'],
    values: [{ id: `value-of-${key.toLowerCase()}`, value: isSecret ? '****keep' : value, context: isSecret ? 'production' : 'all' }],
    is_secret: isSecret,
    updated_at: '2026-01-19T09:00:00Z',
    updated_by: { id: '65f0c2a1b3d4e5f60718293a', full_name: 'Ines Okafor', email: 'ines.okafor@brightwater.example', avatar_url: '' },
  }
}

/** An outgoing webhook, or another kind of notification. */
export function hook(event: string, data: { [key: string]: JsonValue }, type = 'url') {
  return (now: number): JsonValue => ({
    id: `hook-${event}`, site_id: '', type, event, data, created_at: daysAgo(now, 200), updated_at: daysAgo(now, 200), disabled: false,
  })
}

export function certificate(domains: string[], daysLeft: number, renewalError: string | null = null) {
  return (now: number): JsonValue => ({
    state: 'issued',
    domains,
    created_at: daysAgo(now, 90 - daysLeft),
    updated_at: daysAgo(now, 90 - daysLeft),
    expires_at: daysAgo(now, -daysLeft),
    custom: false,
    renewable: true,
    renewal_error_message: renewalError,
  })
}

export function auditEntry(now: number, hoursAgo: number, action: string): JsonValue {
  return {
    id: `audit-${action}`,
    account_id: '',
    payload: { actor_id: '65f0c2a1b3d4e5f60718293a', actor_name: 'Ines Okafor', actor_email: 'ines.okafor@brightwater.example', action, timestamp: daysAgo(now, hoursAgo / 24), log_type: 'team' },
  }
}
