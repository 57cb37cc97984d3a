/** GitHub's answers name an address for everything; nobody here follows one, but the real ones have them. */
type Urls = Record<string, string>

/** `keys_url` → `<base>/keys`; underscores become slashes. */
export function urls(base: string, names: string): Urls {
  return Object.fromEntries(names.trim().split(/\s+/).map(name => [`${name}_url`, `${base}/${name.replaceAll('_', '/')}`]))
}
