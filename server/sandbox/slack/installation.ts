/** What a grant covers: an account and, of the permissions that were asked for, those of the app and those of the person. */
export interface Installation { accountId: string, botScopes: readonly string[], userScopes: readonly string[] }

/** The stand-in's state knows one text per grant. None of the three parts holds a space. */
export function subjectOf({ accountId, botScopes, userScopes }: Installation): string {
  return [accountId, botScopes.join(','), userScopes.join(',')].join(' ')
}

export function installationOf(subject: string): Installation {
  const [accountId = '', bot = '', user = ''] = subject.split(' ')
  return { accountId, botScopes: scopeList(bot), userScopes: scopeList(user) }
}

export function scopeList(value: string | null): string[] {
  return value?.split(',').filter(Boolean) ?? []
}
