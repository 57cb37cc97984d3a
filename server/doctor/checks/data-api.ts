import { serviceClient, useSupabase } from '#server/database/clients'
import { Fault, Skipped, type Check } from '../contract'

/** What the app itself uses: Supabase over HTTP, as the service role. */
export const dataApi: Check = {
  name: 'data api',
  async run(context) {
    const { supabase } = context.env()
    if (!supabase) throw new Skipped('the embedded database is not on the network')
    useSupabase(supabase)
    const { error, status } = await serviceClient().from('integrations').select('id').limit(1)
    if (!error) return `${supabase.url} answers as the service role`
    // The gateway before PostgREST refuses in a form of its own, without a code.
    const code = String(error.code ?? '')
    if (status === 0) throw new Fault(`${supabase.url} does not answer`, 'let this machine reach SUPABASE_URL, or correct it')
    if (code.startsWith('PGRST2') || code === '42P01') throw new Fault(`${supabase.url} does not know the tables`, 'npx supabase db push, or have the API read its schema again')
    throw new Fault(`${supabase.url} refuses the service role (HTTP ${status}${code && ` ${code}`})`, 'compare SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY with the project\'s settings')
  },
}
