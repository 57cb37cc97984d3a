import { serviceClient, useSupabase } from '#server/database/clients'
import { Fault, Skipped, type Check } from '../contract'

/** What the app itself uses: Supabase over HTTP, as the service role. */
export const dataApi: Check = {
  name: 'data api',
  async run(context) {
    const { supabase } = context.env()
    if (!supabase) throw new Skipped('the embedded database is not on the network')
    useSupabase(supabase)
    const { error } = await serviceClient().from('integrations').select('id').limit(1)
    if (!error) return `${supabase.url} answers as the service role`
    if (error.code.startsWith('PGRST2') || error.code === '42P01') throw new Fault(`${supabase.url} does not know the tables`, 'npx supabase db push, or have the API read its schema again')
    if (error.code === '') throw new Fault(`${supabase.url} does not answer`, 'let this machine reach SUPABASE_URL, or correct it')
    throw new Fault(`${supabase.url} refuses the service role (${error.code})`, 'compare SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY with the project\'s settings')
  },
}
