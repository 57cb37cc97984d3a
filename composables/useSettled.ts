/** What was typed, once nobody has typed for a moment. @param milliseconds of rest */
export function useSettled<T>(source: Ref<T>, milliseconds = 250) {
  const settled = shallowRef(source.value)
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(source, (value) => {
    clearTimeout(timer)
    timer = setTimeout(() => { settled.value = value }, milliseconds)
  })
  onScopeDispose(() => clearTimeout(timer))
  return settled
}
