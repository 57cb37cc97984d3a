import type { NuxtError } from '#app'
import type { Problem } from '#shared/api'

export type ApiError = NuxtError<Problem>

interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  query?: Record<string, string | number | boolean | undefined>
  body?: object
}

export interface Api {
  <T>(path: string, call?: Call): Promise<T>
  /** For the rare answer whose headers matter. In the browser only. */
  headers: (path: string, call?: Call) => Promise<Headers>
}

function isProblem(data: unknown): data is Problem {
  return typeof data === 'object' && data !== null && 'code' in data && typeof data.code === 'string'
}

/** What went wrong, whatever was thrown: the server's problem document, or our own words when there is none. */
export function problemOf(error: unknown): Problem {
  const { data, statusCode } = (error ?? {}) as { data?: unknown, statusCode?: number }
  if (isProblem(data)) return data
  if (!statusCode) return { type: 'about:blank', title: 'The server cannot be reached', detail: 'Check your connection and try again.', status: 0, code: 'unreachable' }
  return { type: 'about:blank', title: 'Something went wrong on our side', detail: 'Try again in a moment.', status: statusCode, code: 'internal' }
}

/** The server's message for each field, for the form that sent it. */
export function fieldErrors(error: unknown): Record<string, string> {
  return Object.fromEntries((problemOf(error).errors ?? []).map(({ field, message }) => [field, message]))
}

/**
 * The one door to the HTTP API. During server rendering it passes the visitor's cookies on; every refusal becomes an
 * error that carries the problem document, and a session that has ended leads to the sign-in page and back.
 */
export function useApi(): Api {
  const nuxtApp = useNuxtApp()
  const session = useState<unknown>('session')
  const request = useRequestFetch() as unknown as (path: string, call?: Call & { retry: number | false }) => Promise<unknown>

  async function refused(error: unknown, path: string): Promise<ApiError> {
    const problem = problemOf(error)
    if (problem.code === 'unauthorized' && path !== '/api/session') {
      session.value = null
      await nuxtApp.runWithContext(() => navigateTo({ path: '/sign-in', query: { returnTo: useRoute().fullPath } }))
    }
    return createError<Problem>({ statusCode: problem.status || 503, statusMessage: problem.title, message: problem.detail ?? problem.title, data: problem })
  }

  async function api<T>(path: string, call?: Call): Promise<T> {
    try {
      return await request(path, { ...call, retry: false }) as T
    }
    catch (error) {
      throw await refused(error, path)
    }
  }

  api.headers = async (path: string, call?: Call) => {
    try {
      const { headers } = await $fetch.raw<unknown, string>(path, { ...call, retry: false })
      return headers
    }
    catch (error) {
      throw await refused(error, path)
    }
  }

  return api
}
