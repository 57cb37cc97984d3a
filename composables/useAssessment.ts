import type { Assessment } from '#shared/api'

const shortest = 700
const longest = 8_000

export function isUnfinished(assessment: Assessment | null | undefined): boolean {
  return assessment?.status === 'queued' || assessment?.status === 'running'
}

/**
 * One assessment with its results. While it is queued or running it is asked again: quickly when it moves, ever more
 * slowly when it does not or when the server fails, and not at all once the component is gone.
 */
export function useAssessment(id: () => string | null, finished?: (assessment: Assessment, news: boolean) => void) {
  const api = useApi()
  const get = (id: string) => api<Assessment>(`/api/assessments/${id}`)
  const read = useRead<Assessment | null>(() => `assessment:${id() ?? 'none'}`, async () => {
    const present = id()
    return present ? get(present) : null
  })

  let timer: ReturnType<typeof setTimeout> | undefined
  let delay = shortest

  async function poll(present: string) {
    const before = read.data.value
    try {
      const next = await get(present)
      if (present !== id()) return
      delay = next.progress.done !== before?.progress.done || next.status !== before.status ? shortest : Math.min(delay * 1.5, longest)
      read.data.value = next
    }
    catch {
      delay = Math.min(delay * 2, longest)
      schedule()
    }
  }

  function schedule() {
    clearTimeout(timer)
    const present = id()
    if (present && isUnfinished(read.data.value)) timer = setTimeout(poll, delay, present)
  }

  // The ends that matter here: of what was seen under way or started here, however quick it was (that is news), and of what
  // ended while the page was being read, so that its other lists may be older than the end.
  const awaited = new Set<string>()
  const told = new Set<string>()
  function follow(now: Assessment | null | undefined) {
    if (now && isUnfinished(now)) awaited.add(now.id)
    else if (now && !told.has(now.id) && (awaited.has(now.id) || Date.now() - Date.parse(now.finished_at ?? '') < 5_000)) {
      told.add(now.id)
      finished?.(now, awaited.has(now.id))
    }
    schedule()
  }

  onMounted(() => watch(read.data, follow, { immediate: true }))
  onBeforeUnmount(() => clearTimeout(timer))

  return { ...read, assessment: read.data, running: computed(() => isUnfinished(read.data.value)), expect: (id: string) => awaited.add(id) }
}
