/**
 * `enabled_checks` names checks and whole categories. Turning one check off in an enabled category names the others;
 * turning on the last one of a category names the category again, so that checks added to it later run too.
 */
interface Named { id: string, category: string }

export function isCheckEnabled(check: Named, enabled: readonly string[]): boolean {
  return enabled.includes(check.category) || enabled.includes(check.id)
}

export function withCategory(checks: readonly Named[], enabled: readonly string[], category: string, on: boolean): string[] {
  const ids = new Set(checks.filter(check => check.category === category).map(check => check.id))
  const others = enabled.filter(name => name !== category && !ids.has(name))
  return on ? [...others, category] : others
}

export function withCheck(checks: readonly Named[], enabled: readonly string[], check: Named, on: boolean): string[] {
  const group = checks.filter(one => one.category === check.category)
  const chosen = group.filter(one => one.id === check.id ? on : isCheckEnabled(one, enabled))
  if (chosen.length === group.length) return withCategory(checks, enabled, check.category, true)
  return [...withCategory(checks, enabled, check.category, false), ...chosen.map(one => one.id)]
}
