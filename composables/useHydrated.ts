/** False in the server's page and until the browser has taken it over: a button that would do nothing yet is disabled. */
export function useHydrated() {
  const hydrated = ref(false)
  onMounted(() => { hydrated.value = true })
  return hydrated
}
