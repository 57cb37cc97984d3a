import type { Problem } from '#shared/api'

/** One form on its way to the server: whether it is under way, the sentence for the form, a message for each field. */
export function useSubmit(send: () => Promise<unknown>) {
  const pending = ref(false)
  const problem = shallowRef<Problem | null>(null)
  const fields = shallowRef<Record<string, string>>({})

  async function submit() {
    if (pending.value) return
    pending.value = true
    problem.value = null
    fields.value = {}
    try {
      await send()
    }
    catch (error) {
      problem.value = problemOf(error)
      fields.value = fieldErrors(error)
    }
    finally {
      pending.value = false
    }
  }

  return { submit, pending, problem, fields }
}
