import type { List } from '#shared/api'

/** `watch`: read again when one of these changes, and show what was there until then. */
interface ReadOptions { immediate?: boolean, server?: boolean, watch?: Ref<unknown>[] }

/** One GET under a key: rendered by the server, shared by every component that asks for it, a skeleton until it is there. */
export function useRead<T>(key: MaybeRefOrGetter<string>, read: (api: Api) => Promise<T>, options: ReadOptions = {}) {
  const api = useApi()
  return useAsyncData<T, ApiError>(key, () => read(api), { lazy: true, ...options })
}

/** A list by pages: the first comes with the page, the others when the person asks for more. */
export function useList<T, Counts = undefined>(key: MaybeRefOrGetter<string>, path: string, query: () => Record<string, string | number | boolean | undefined> = () => ({}), options: ReadOptions = {}) {
  const api = useApi()
  const first = useRead<List<T, Counts>>(key, api => api(path, { query: query() }), options)
  const more = shallowRef<List<T>[]>([])
  const loadingMore = ref(false)

  watch(first.data, () => { more.value = [] })
  const items = computed(() => [first.data.value, ...more.value].flatMap(page => page?.data ?? []))
  const cursor = computed(() => (more.value.at(-1) ?? first.data.value)?.next_cursor ?? null)

  async function loadMore() {
    if (!cursor.value || loadingMore.value) return
    loadingMore.value = true
    const [asked, looked] = [first.data.value, JSON.stringify(query())]
    let again = false
    try {
      const page = await api<List<T>>(path, { query: { ...query(), cursor: cursor.value } })
      if (asked === first.data.value) more.value = [...more.value, page]
      // The list was read again meanwhile. Where the filter has changed as well, nobody asked for more of it.
      else again = JSON.stringify(query()) === looked
    }
    finally {
      loadingMore.value = false
    }
    if (again) await loadMore()
  }

  return { ...first, items, ready: computed(() => first.data.value !== undefined), hasMore: computed(() => cursor.value !== null), loadMore, loadingMore }
}
