/**
 * Every cookie that this product sets, with exactly its attributes. A cookie that is not here, or has one attribute more or
 * less, fails the suite: whoever adds one says here what it is and what it may hold.
 */
export interface SetCookie { call: string, name: string, value: string, attributes: Record<string, string | true> }

const days = 24 * 3600

interface Known {
  name: RegExp
  path: string
  maxAge: number
  /** Of the calls that set it: any, or those below this path. */
  from?: string
}

const known: Known[] = [
  // The session with our own auth server, in parts where it is long.
  { name: /^session(?:\.\d)?$/, path: '/', maxAge: 400 * days },
  // Which of the person's organizations this browser acts in: its id.
  { name: /^organization$/, path: '/', maxAge: 400 * days },
  // One consent under way, sealed: state and PKCE verifier, ten minutes.
  { name: /^connect_[0-9a-f]{16}$/, path: '/api/auth', maxAge: 600, from: '/api/auth/' },
  // One that was started at the provider and waits for a word, sealed: its code and facts, ten minutes.
  { name: /^install_[0-9a-f]{16}$/, path: '/api/auth', maxAge: 600, from: '/api/auth/' },
  // The sandbox's GitHub: who has just installed the app is not asked again, once and for a minute.
  { name: /^sandbox_github$/, path: '/sandbox/github/login/oauth/authorize', maxAge: 60, from: '/sandbox/github/apps/' },
  // A role that is being made, sealed: the external id that it has to ask for, an hour.
  { name: /^role_[0-9a-f]{16}$/, path: '/api/auth', maxAge: 3600, from: '/api/auth/' },
]

/** Of one answer, `call` being `GET /path`. */
export function parseSetCookies(call: string, lines: string[]): SetCookie[] {
  return lines.map((line) => {
    const [pair = '', ...rest] = line.split(/;\s*/)
    const at = pair.indexOf('=')
    const attributes = Object.fromEntries(rest.map((part): [string, string | true] => {
      const [name = '', value] = part.split('=')
      return [name.toLowerCase(), value ?? true]
    }))
    return { call, name: pair.slice(0, at), value: pair.slice(at + 1), attributes }
  })
}

/** What is wrong with a cookie but its value. @param secure whether the installation is on https */
export function faultsOf({ call, name, value, attributes }: SetCookie, secure: boolean): string[] {
  const cookie = known.find(one => one.name.test(name))
  if (!cookie) return [`${call} sets ${name}, which is not in the list`]
  const expected: SetCookie['attributes'] = {
    'path': cookie.path, 'httponly': true, 'samesite': 'Lax', ...(secure ? { secure: true as const } : {}),
    // Nothing in it: taken away.
    'max-age': String(value === '' ? 0 : cookie.maxAge),
  }
  const wrong = Object.keys({ ...expected, ...attributes }).filter(key => expected[key] !== attributes[key])
  const path = call.split(' ')[1] ?? ''
  return [
    ...wrong.map(key => `${call} sets ${name} with ${key}=${attributes[key] ?? 'nothing'}, not ${expected[key] ?? 'nothing'}`),
    ...(cookie.from && !path.startsWith(cookie.from) ? [`${call} sets ${name}, which only ${cookie.from} may`] : []),
  ]
}
