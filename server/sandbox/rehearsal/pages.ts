/** The control pages: forms that work without a script. */
import { escape, page } from '../kit/page'
import type { SeenGrant } from '../stand-in'
import { amounts, faultKinds, places, type Fault, type FaultKind } from './faults'
import { faultSentence, faultWords, placeWords } from './words'

export interface ControlView {
  provider: string
  name: string
  /** The page's own path. */
  path: string
  /** Of the application, where connections are looked at. */
  app: string
  faults: readonly Fault[]
  /** Those that make sense at this provider. */
  kinds: readonly FaultKind[]
  grants: readonly SeenGrant[]
}

const hidden = (name: string, value: string) => `<input type="hidden" name="${name}" value="${escape(value)}">`
const options = (entries: readonly (readonly [string, string])[]) => entries.map(([value, text]) => `<option value="${value}">${escape(text)}</option>`).join('')

function form(action: string, fields: Readonly<Record<string, string>>, body: string): string {
  return `<form method="post" action="${escape(action)}">${Object.entries(fields).map(([name, value]) => hidden(name, value)).join('')}${body}</form>`
}

const button = (text: string, more = '') => `<button type="submit"${more}>${text}</button>`

function said(sentence: string | null): string {
  return sentence === null ? '' : `<p class="said" role="status">${escape(sentence)}</p>`
}

/** @param providers by id, each with its name and the faults that are on */
export function indexPage(path: string, app: string, providers: readonly Pick<ControlView, 'provider' | 'name' | 'faults'>[], sentence: string | null): string {
  return page('every provider', 'Rehearse what can go wrong', `
    ${said(sentence)}
    <p><a href="${escape(app)}">Back to the application</a></p>
    <p class="note">Choose a provider to break it on purpose, and see what the application makes of it.</p>
    <ul class="cards">${providers.map(({ provider, name, faults }) =>
      `<li><a href="${escape(`${path}/${provider}`)}">${escape(name)}</a> <span class="note">${faults.length === 0 ? 'No fault is on' : escape(faults.map(faultSentence).join('; '))}</span></li>`).join('')}</ul>
    <h2>All of them</h2>
    <div class="buttons">
      ${form(path, { do: 'switch_off' }, button('Switch every fault off'))}
      ${form(path, { do: 'reset' }, button('Reset everything'))}
    </div>
    <p class="note">A reset also ends every grant: connections have to be made again.</p>`)
}

export function controlPage(view: ControlView, indexPath: string, sentence: string | null): string {
  const { name, path } = view
  return page(name, `Rehearse faults of ${name}`, `
    ${said(sentence)}
    <p><a href="${escape(view.app)}">Back to the application</a> · <a href="${escape(indexPath)}">All providers</a></p>
    ${faultsOn(view)}
    ${switchForm(view)}
    <h2 id="grants">Grants</h2>
    ${view.grants.length === 0 ? '<p class="note">Nobody has granted anything yet.</p>' : `<ul class="cards" aria-labelledby="grants">${view.grants.map(grant => grantCard(path, grant)).join('')}</ul>`}
    <h2>Start afresh</h2>
    ${form(path, { do: 'reset' }, `<div class="buttons">${button('Reset everything')}</div>`)}
    <p class="note">Switches every fault of ${escape(name)} off and ends every grant: connections have to be made again.</p>`)
}

function faultsOn({ faults, path }: ControlView): string {
  if (faults.length === 0) return '<h2>Faults that are on</h2><p class="note">None: it behaves.</p>'
  return `<h2 id="on">Faults that are on</h2><ul class="cards" aria-labelledby="on">${faults.map(fault =>
    `<li class="warn">${escape(faultSentence(fault))}${form(path, { do: 'switch_off', kind: fault.kind }, button('Switch off', ` aria-label="Switch off: ${escape(faultWords[fault.kind].label)}"`))}</li>`).join('')}</ul>
    ${faults.length > 1 ? form(path, { do: 'switch_off' }, `<div class="buttons">${button('Switch every fault off')}</div>`) : ''}`
}

function switchForm({ kinds, path }: ControlView): string {
  const shown = faultKinds.filter(kind => kinds.includes(kind))
  return `<h2>Switch a fault on</h2>${form(path, { do: 'switch_on' }, `
    <label class="field">What <select name="kind">${options(shown.map(kind => [kind, faultWords[kind].label]))}</select></label>
    <label class="field">Where <select name="where">${options(places.map(place => [place, placeWords[place]]))}</select></label>
    <label class="field">For so many calls (empty: until it is switched off) <input name="calls" inputmode="numeric" pattern="[1-9][0-9]{0,5}"></label>
    <label class="field">Number (empty: ${amounts.rate_limited.usual} ${amounts.rate_limited.unit}, or ${amounts.slow.usual} ${amounts.slow.unit}) <input name="amount" inputmode="numeric" pattern="[0-9]{1,6}"></label>
    <div class="buttons">${button('Switch on', ' class="primary"')}</div>`)}
    <details><summary>What each of them does</summary><dl>${shown.map(kind => `<dt>${escape(faultWords[kind].label)}</dt><dd>${escape(faultWords[kind].note)}</dd>`).join('')}</dl></details>`
}

function grantCard(path: string, { id, account, detail, since, actions }: SeenGrant): string {
  const when = since === null ? '' : ` · since <time datetime="${new Date(since).toISOString()}">${new Date(since).toISOString().slice(0, 16).replace('T', ' ')} UTC</time>`
  return `<li><strong>${escape(account)}</strong><div class="note">${escape(detail)}${when}</div><div class="buttons">${actions.map(action =>
    form(path, { do: 'act', grant: id, action: action.id }, button(escape(action.label), ` aria-label="${escape(`${action.label}: ${account}`)}"`))).join('')}</div></li>`
}
