import { Fault, type Check } from '../contract'

export const migrations: Check = {
  name: 'migrations',
  async run(context) {
    const { mode } = context.env()
    const [table] = await context.query(`select to_regclass('supabase_migrations.schema_migrations') is not null as there`)
    const rows = table?.there === true ? await context.query('select version from supabase_migrations.schema_migrations') : []
    const applied = new Set(rows.map(row => String(row.version)))
    const all = await context.migrations()
    const missing = all.filter(({ version }) => !applied.has(version)).map(({ version, name }) => `${version}_${name}`)
    if (missing.length > 0) {
      throw new Fault(`${missing.length} of ${all.length} are not applied: ${missing.join(', ')}`,
        mode === 'embedded' ? 'start the app: it applies them' : 'npx supabase db push')
    }
    // Newer ones than this checkout's, or an operator's own.
    const others = applied.size - all.length
    return `all ${all.length} are applied${others > 0 ? `, and ${others} that this version does not have` : ''}`
  },
}
