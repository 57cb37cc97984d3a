import type { JsonValue } from '../store'

/** Who consents. Fictional, as is everything in here. */
export const person = { id: '65f0c2a1b3d4e5f60718293a', name: 'Ines Okafor' }

export function describePerson(siteCount: number): JsonValue {
  return {
    id: person.id,
    uid: null,
    full_name: person.name,
    avatar_url: null,
    email: 'ines.okafor@brightwater.example',
    affiliate_id: '',
    site_count: siteCount,
    created_at: '2023-04-11T08:20:00.000Z',
    last_login: '2024-01-08T07:55:00.000Z',
    login_providers: ['github', 'email'],
    onboarding_progress: { slides: '' },
  }
}
