import type { Assessment } from '#shared/api'

const shortest = 700
const longest = 8_000

export function isUnfinished(assessment: Pick<Assessment, 'status'> | null | undefined): boolean {
  return assessment?.status === 'queued' || assessment?.status === 'running'
}

/**
 * One assessment with its results. While it is queued or running it is asked again: quickly when it moves, ever more
 * slowly when it does not or when the server fails, and not at all once the component is gone.
 */
export function useAssessment(id: () => string | null, finished?: (assessment: Assessment) => void) {
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
      if (!isUnfinished(next)) finished?.(next)
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

  onMounted(() => watch(read.data, schedule, { immediate: true }))
  onBeforeUnmount(() => clearTimeout(timer))

  return { ...read, assessment: read.data, running: computed(() => isUnfinished(read.data.value)) }
}
