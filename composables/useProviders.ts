import type { List, Provider, ProviderCheck } from '#shared/api'

export function useProviders() {
  const read = useRead('providers', api => api<List<Provider>>('/api/providers').then(list => list.data))
  const providers = computed(() => read.data.value ?? [])
  const byId = computed(() => new Map(providers.value.map(provider => [provider.id, provider])))
  const checks = computed(() => new Map<string, ProviderCheck>(providers.value.flatMap(({ checks }) => checks.map(check => [check.id, check] as const))))
  return { ...read, providers, byId, checks }
}
