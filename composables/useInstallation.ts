import type { Installation } from '#shared/api'

/** What was started at a provider, and waits in this browser for the person's word. Only the browser has it to send. */
export function useInstallation(provider: string, flow: string) {
  const api = useApi()
  const path = `/api/auth/${encodeURIComponent(provider)}/install`
  const read = useRead(`installation:${flow}`, api => api<Installation>(path, { query: { flow } }), { server: false })

  return {
    ...read,
    installation: read.data,
    /** @returns the integration's id */
    confirm: async () => (await api<{ integration_id: string }>(path, { method: 'POST', body: { flow, confirm: true } })).integration_id,
    decline: () => api(path, { method: 'POST', body: { flow, confirm: false } }),
  }
}
