import { Skipped, type Check } from '../contract'
import { lints, runLint } from '../lints'

/** Grants, policies and functions: what keeps organizations apart. */
export const schema: Check = {
  name: 'schema',
  async run(context) {
    const [table] = await context.query(`select to_regclass('public.integrations') is not null as there`)
    if (table?.there !== true) throw new Skipped('the tables are not there yet')
    const failures = []
    for (const lint of lints) {
      const objects = await runLint(lint, context.query)
      if (objects.length > 0) failures.push({ name: `schema ${lint.id}`, ok: false, detail: `${lint.title} does not hold for ${objects.join(', ')}`, fix: lint.fix })
    }
    return failures.length > 0 ? failures : `${lints.length} rules hold for tables, policies and functions`
  },
}
