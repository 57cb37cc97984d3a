import type { Resource, ResourceCounts, ResourceFilter, ResourceList } from '#shared/api'

/** More of them would push what stands below out of sight. */
const PAGE = 20

const pathOf = (integrationId: string) => `/api/integrations/${integrationId}/resources`

/** Of what may be thousands those that are looked for, by pages; what was found before stays until the answer is there. */
export function useResources(integrationId: string) {
  const api = useApi()
  const path = pathOf(integrationId)
  const filter = ref<ResourceFilter>({})
  const list = useList<Resource, ResourceCounts>(`resources:${integrationId}`, path, () => ({ ...filter.value, limit: PAGE }), { watch: [filter] })

  /** Switched here since the list was read, by id. */
  const switched = shallowRef<ReadonlyMap<string, Resource>>(new Map())
  watch(list.data, () => { switched.value = new Map() })
  const resources = computed(() => list.items.value.map(one => switched.value.get(one.id) ?? one))
  const counts = computed(() => {
    const read = list.data.value?.counts
    if (!read) return undefined
    const pairs = list.items.value.map(before => ({ before, after: switched.value.get(before.id) ?? before }))
    const change = (holds: (one: Resource) => boolean) => pairs.reduce((sum, { before, after }) => sum + Number(holds(after)) - Number(holds(before)), 0)
    return { ...read, enabled: read.enabled + change(one => one.enabled), awaiting_choice: read.awaiting_choice + change(one => one.awaits_choice && !one.missing_since) }
  })

  function put(resource: Resource) {
    switched.value = new Map(switched.value).set(resource.id, resource)
  }

  /** Shown at once, and taken back when the server refuses. */
  async function setEnabled(resource: Resource, enabled: boolean) {
    put({ ...resource, enabled, awaits_choice: false })
    try {
      put(await api<Resource>(`${path}/${resource.id}`, { method: 'PATCH', body: { enabled } }))
    }
    catch (error) {
      put(resource)
      throw error
    }
  }

  /** All that match, shown or not. Which way they are switched now does not matter. @returns how many that changed */
  async function setAllEnabled({ q, kind, missing, awaits_choice }: ResourceFilter, enabled: boolean): Promise<number> {
    const { changed } = await api<{ changed: number }>(path, { method: 'PATCH', body: { q, kind, missing, awaits_choice, enabled } })
    await list.refresh()
    return changed
  }

  return { ...list, filter, resources, counts, setEnabled, setAllEnabled }
}

/** The first few of those that are scanned, and how many there are. */
export function useScannedResources(integrationId: string) {
  return useRead(`scanned:${integrationId}`, api => api<ResourceList>(pathOf(integrationId), { query: { enabled: true, missing: false, limit: 10 } }))
}
