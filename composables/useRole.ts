import type { RoleGuide } from '#shared/api'

/** A role that is being made. Only the browser that started has the start to send. */
export function useRole(provider: string, flow: string) {
  const api = useApi()
  const path = `/api/auth/${encodeURIComponent(provider)}/role`
  const read = useRead(`role:${flow}`, api => api<RoleGuide>(path, { query: { flow } }), { server: false })

  return {
    ...read,
    guide: read.data,
    /** @returns the integration's id */
    connect: async (role: { role_arn: string, regions: string[] }) =>
      (await api<{ integration_id: string }>(path, { method: 'POST', body: { flow, ...role } })).integration_id,
  }
}
