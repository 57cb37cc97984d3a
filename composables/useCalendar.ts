import type { CalendarFeed, NewCalendarFeed } from '#shared/api'

/** The organization's calendar address: for owners and admins. What is made is shown once, and not read back. */
export function useCalendar() {
  const api = useApi()
  const { canWrite } = useSession()
  const read = useRead('calendar', api => api<{ calendar: CalendarFeed | null }>('/api/calendar'), { immediate: canWrite.value })

  async function make(): Promise<NewCalendarFeed> {
    const made = await api<NewCalendarFeed>('/api/calendar', { method: 'POST' })
    read.data.value = { calendar: { id: made.id, created_at: made.created_at, last_read_at: made.last_read_at } }
    return made
  }

  async function revoke(): Promise<void> {
    await api('/api/calendar', { method: 'DELETE' })
    read.data.value = { calendar: null }
  }

  return { ...read, calendar: computed(() => read.data.value?.calendar ?? null), make, revoke }
}
