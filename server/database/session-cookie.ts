import { combineChunks, stringFromBase64URL } from '@supabase/ssr'
import { z } from 'zod'

const storedSchema = z.object({
  access_token: z.string(),
  /** Seconds since 1970. */
  expires_at: z.number(),
})
export type StoredSession = z.infer<typeof storedSchema>

/**
 * The session as @supabase/ssr keeps it in cookies, without making a client for it: one request in many needs to renew
 * it, all the others only to read it. Null when there is none or it can't be read.
 * @param name of the cookie; long sessions are in `<name>.0`, `<name>.1`, ...
 */
export async function readStoredSession(name: string, cookie: (name: string) => string | undefined): Promise<StoredSession | null> {
  const text = await combineChunks(name, cookie)
  if (!text?.startsWith('base64-')) return null
  try {
    return storedSchema.parse(JSON.parse(stringFromBase64URL(text.slice('base64-'.length))))
  }
  catch {
    return null
  }
}
