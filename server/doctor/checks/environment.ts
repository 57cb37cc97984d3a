import type { Check } from '../contract'

export const environment: Check = {
  name: 'environment',
  async run({ faults, env }) {
    if (faults.length > 0) return faults.map(({ variable, problem, remedy }) => ({ ok: false, detail: `${variable} ${problem}`, fix: remedy }))
    const { mode, production, web, worker, sandbox } = env()
    return [
      mode === 'embedded' ? 'embedded database' : 'Supabase mode',
      production ? 'production' : 'NODE_ENV is not production',
      web && worker ? 'serves pages and takes jobs' : web ? 'serves pages; jobs need another process (npm run worker)' : 'takes jobs only',
      ...sandbox ? ['providers that are not configured are played by the sandbox'] : [],
    ].join(', ')
  },
}
