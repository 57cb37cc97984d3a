/** Short hands for the data of a workspace. */
import { sha256 } from '../../kit/hash'
import type { SandboxChannel, SandboxPerson } from './account'

/** Slack's ids are a letter and digits and capitals; the same name always has the same one. */
export const idOf = (letter: string, name: string) => `${letter}${sha256(name).slice(0, 10).toUpperCase()}`

/** Everybody alike, by handles with spaces between them. */
export function people(handles: string, like: Partial<SandboxPerson> = {}): SandboxPerson[] {
  return handles.split(/\s+/).filter(Boolean).map(handle => ({ role: 'member', factor: 'app', emailConfirmed: true, ...like, handle }))
}

export function channels(names: string, like: Partial<SandboxChannel> = {}): SandboxChannel[] {
  return names.split(/\s+/).filter(Boolean).map(name => ({ isPrivate: false, shared: 'no', archived: false, ...like, name }))
}

/** Accounts that every workspace has. */
export const fixtures: readonly SandboxPerson[] = [
  { handle: 'slackbot', role: 'member', factor: null, emailConfirmed: false },
  ...people('allyship build-notifier on-call', { role: 'bot', factor: null, emailConfirmed: false }),
]
