import type { PendingConnection } from '#shared/api'

/** A reconnect that came back with another account and waits for the person's word. */
export function useConnection(id: string) {
  const api = useApi()
  const path = `/api/connections/${id}`
  const read = useRead(`connection:${id}`, api => api<PendingConnection>(path))

  return {
    ...read,
    settled: read.then(() => undefined),
    connection: read.data,
    /** @returns the integration's id */
    confirm: async () => (await api<{ integration_id: string }>(`${path}/confirm`, { method: 'POST' })).integration_id,
    cancel: () => api(path, { method: 'DELETE' }),
  }
}
