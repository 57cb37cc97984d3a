/**
 * Preloaded (`NODE_OPTIONS=--import=...`) into an app: a library that writes to the console by itself, with all that it has
 * in hand, as the embedded Supabase does when the database refuses a statement.
 */
const refused = () => Object.assign(new Error('duplicate key value'), { params: [String(process.env.ENCRYPTION_KEY)], detail: 'Failing row contains ...' })
setInterval(() => console.error(refused()), 1_000).unref()
