/** Own reading of variables' names: which of them hold something that nobody may know. */
const secretWords = ['SECRET', 'SECRETS', 'TOKEN', 'PASSWORD', 'PASSWD', 'PASSPHRASE', 'CREDENTIAL', 'CREDENTIALS', 'APIKEY', 'DSN']
const secretPairs = ['API_KEY', 'ACCESS_KEY', 'PRIVATE_KEY', 'SERVICE_KEY', 'SIGNING_KEY', 'ENCRYPTION_KEY', 'ROLE_KEY', 'MASTER_KEY', 'DATABASE_URL', 'DB_URL', 'REDIS_URL', 'CONNECTION_STRING']
/** Said to be public by their own name: as the public half of a pair, or built into what browsers get. */
const publicWords = ['PUBLIC', 'PUBLISHABLE', 'VITE', 'GATSBY']

/** `STRIPE_SECRET_KEY`, `dbPassword`, `NPM_TOKEN` → true; `TOKEN_TTL` too: better one too many; `NEXT_PUBLIC_API_KEY` → false. */
export function looksSecret(name: string): boolean {
  const words = name.replace(/([a-z\d])([A-Z])/g, '$1_$2').toUpperCase().split(/[^A-Z\d]+/).filter(Boolean)
  const joined = `_${words.join('_')}_`
  if (words.some(word => publicWords.includes(word)) || joined.startsWith('_REACT_APP_')) return false
  return words.some(word => secretWords.includes(word)) || secretPairs.some(pair => joined.includes(`_${pair}_`))
}
