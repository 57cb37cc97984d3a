import type { Connector } from '#server/connectors/contract'
import { allConnectors } from '#server/connectors/registry'
import type { Env } from '#server/utils/env'
import { settingMeaning, settingVariable } from '#server/utils/env-schema'
import type { Check, Result } from '../contract'

export const environment: Check = {
  name: 'environment',
  async run({ faults, env }) {
    if (faults.length > 0) return faults.map(({ variable, problem, remedy }) => ({ ok: false, detail: `${variable} ${problem}`, fix: remedy }))
    const { mode, production, web, worker, sandbox } = env()
    const detail = [
      mode === 'embedded' ? 'embedded database' : 'Supabase mode',
      production ? 'production' : 'NODE_ENV is not production',
      web && worker ? 'serves pages and takes jobs' : web ? 'serves pages; jobs need another process (npm run worker)' : 'takes jobs only',
      ...sandbox ? ['providers that are not configured are played by the sandbox'] : [],
    ].join(', ')
    return [{ ok: true, detail }, ...allConnectors().flatMap(connector => halfConfigured(connector, env()))]
  },
}

/** Somebody began to configure it: what is set says that they meant to, what is missing keeps it off. */
function halfConfigured(connector: Connector, env: Env): Omit<Result, 'name'>[] {
  const { clientId, clientSecret, settings, missing } = env.provider(connector)
  const begun = [clientId, clientSecret, ...Object.values(settings)].some(Boolean)
  if (!begun || missing.length === 0) return []
  const described = new Map((connector.settings ?? []).map(one => [settingVariable(connector.id, one.name), ` (${settingMeaning(one)})`]))
  return [{
    ok: false,
    detail: `${connector.name} is configured in part: ${missing.join(' and ')} not set`,
    fix: `set ${missing.map(name => name + (described.get(name) ?? '')).join(' and ')}, or remove its other variables`,
  }]
}
