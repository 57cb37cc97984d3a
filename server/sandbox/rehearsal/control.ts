/**
 * `<origin>/sandbox` and `<origin>/sandbox/<provider>`: where faults are rehearsed. A browser gets pages, whoever asks for
 * `application/json` (tests, scripts) gets the same as JSON. Nothing of it holds a token.
 */
import { answersOf, isForm } from '../kit/http'
import { refusalPage } from '../kit/page'
import type { JsonValue } from '../store'
import { carryOut, commandSchema, type Command, type Outcome, type Rehearsed } from './commands'
import { faultKinds, type FaultKind } from './faults'
import { isOwnAddress, isOwnOrigin } from './own-origin'
import { controlPage, indexPage, type ControlView } from './pages'
import { outcomeSentence } from './words'

export interface ControlOptions {
  /** The application's own address. */
  origin: string
  providers: ReadonlyMap<string, Rehearsed & { name: string }>
}

const { html, json, redirect } = answersOf('control')
const indexPath = '/sandbox'
const appPath = '/integrations'

/** @param provider absent: all of them */
export async function answerControl(request: Request, provider: string | undefined, { origin, providers }: ControlOptions): Promise<Response> {
  const chosen = provider === undefined ? [...providers.keys()] : [provider]
  const path = provider === undefined ? indexPath : `${indexPath}/${provider}`
  const wantsJson = /\bapplication\/json\b/.test(`${request.headers.get('accept') ?? ''} ${request.headers.get('content-type') ?? ''}`)
  const refuse = (status: number, reason: string, headers: Record<string, string> = {}) => wantsJson ? json({ message: reason }, status, headers) : html(refusalPage('the sandbox', reason), status)

  if (!isOwnAddress(request, origin)) return refuse(403, 'The control page is looked at under the application\'s own address only.')
  if (request.method === 'GET' || request.method === 'HEAD') return show(readOutcome(new URL(request.url).searchParams))
  if (request.method !== 'POST') return refuse(405, 'Send GET or POST.', { allow: 'GET, HEAD, POST' })
  const formSent = isForm(request)
  if (!formSent && !/^application\/json\s*(;|$)/i.test(request.headers.get('content-type') ?? '')) return refuse(415, 'Send the page\'s own form, or JSON.')
  if (!isOwnOrigin(request, origin, !formSent)) return refuse(403, 'The call came from another site.')

  const command = commandSchema.safeParse(await bodyOf(request, formSent))
  if (!command.success) return refuse(400, `That is no command: ${command.error.issues.map(issue => `${issue.path.map(String).join('.') || 'do'}: ${issue.message}`).join('; ')}`)
  if (provider === undefined && command.data.do !== 'reset' && command.data.do !== 'switch_off') return refuse(400, 'That is a command for one provider: send it to the provider\'s own page.')
  const outcome = await all(command.data)
  return wantsJson ? show(outcome) : redirect(`${path}?${new URLSearchParams(Object.entries(outcome).map(([name, value]) => [name, String(value)]))}`)

  async function all(command: Command): Promise<Outcome> {
    let outcome: Outcome = { done: 'gone' }
    for (const one of chosen) {
      const rehearsed = providers.get(one)
      if (rehearsed) outcome = await carryOut(command, rehearsed)
    }
    return outcome
  }

  function show(outcome: Outcome | null): Response {
    const views = chosen.flatMap(one => viewOf(one, providers))
    const [view] = views
    if (wantsJson) return json({ ...outcome, ...(provider === undefined ? { providers: views.map(asJson) } : view && asJson(view)) })
    const sentence = outcome && outcomeSentence(outcome)
    return html(provider === undefined || !view ? indexPage(indexPath, appPath, views, sentence) : controlPage(view, indexPath, sentence), 200)
  }
}

/** One, or none where there is no such stand-in. */
function viewOf(provider: string, providers: ControlOptions['providers']): ControlView[] {
  const found = providers.get(provider)
  if (!found) return []
  const { name, faults, rehearsal } = found
  return [{ provider, name, path: `${indexPath}/${provider}`, app: appPath, faults: faults.list(), kinds: faultKinds.filter(kind => makesSense(kind, found)), grants: rehearsal.grants() }]
}

function makesSense(kind: FaultKind, { rehearsal }: Rehearsed): boolean {
  if (kind === 'denied') return rehearsal.asksConsent
  return kind !== 'endless' || rehearsal.endless !== undefined
}

function asJson({ provider, name, faults, kinds, grants }: ControlView): { [key: string]: JsonValue } {
  return {
    provider, name, kinds: [...kinds], faults: faults.map(fault => ({ ...fault })),
    grants: grants.map(({ id, account, detail, since, actions }) => ({ id, account, detail, since, actions: actions.map(action => action.id) })),
  }
}

/** What the last form came to, out of the address that it led to. */
function readOutcome(parameters: URLSearchParams): Outcome | null {
  const done = parameters.get('done')
  if (done === 'told') {
    const status = parameters.get('status') ?? ''
    return { done, status: /^\d{3}$/.test(status) ? Number(status) : null }
  }
  return done === 'switched' || done === 'acted' || done === 'reset' || done === 'gone' ? { done } : null
}

async function bodyOf(request: Request, formSent: boolean): Promise<unknown> {
  const text = await request.text()
  if (formSent) return Object.fromEntries(new URLSearchParams(text))
  try {
    return JSON.parse(text)
  }
  catch {
    return undefined
  }
}
