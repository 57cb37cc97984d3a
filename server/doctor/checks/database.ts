import { Fault, Skipped, type Check } from '../contract'
import { reasonOf } from '../reason'

/** Of PostgreSQL: `security_invoker` views and `nulls not distinct` came with it. */
const leastVersion = 15

/** By the code of what failed. */
const remedies: [RegExp, string][] = [
  [/28P01|28000|SASL/, 'compare user and password in DATABASE_URL with the project\'s connection string'],
  [/3D000/, 'correct the name of the database at the end of DATABASE_URL'],
  [/ENOTFOUND|EAI_AGAIN/, 'correct the host in DATABASE_URL, or this machine\'s DNS'],
  [/ECONNREFUSED|CONNECT_TIMEOUT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, 'start the database, and let this machine reach the host and port of DATABASE_URL'],
  [/CERT|SELF_SIGNED/, 'set sslmode in DATABASE_URL as the project\'s connection string has it'],
  [/53300/, 'free connections, or use the session pooler\'s address in DATABASE_URL'],
]

export const database: Check = {
  name: 'database',
  async run(context) {
    const { mode } = context.env()
    const inspection = await context.database().catch((error: unknown) => {
      if (error instanceof Skipped) throw error
      const reason = reasonOf(error)
      throw new Fault(`can't be opened (${reason})`, mode === 'embedded'
        ? 'restore DATA_DIR from a backup if this remains after a restart of the machine'
        : remedies.find(([code]) => code.test(reason))?.[1] ?? 'correct DATABASE_URL')
    })
    const [row] = await inspection.query(`select current_setting('server_version') as version, current_setting('server_version_num')::int / 10000 as major`)
    if (Number(row?.major) < leastVersion) throw new Fault(`PostgreSQL ${String(row?.version)} is too old`, `upgrade to ${leastVersion} or newer`)
    return `PostgreSQL ${String(row?.version)}${mode === 'embedded' ? ', embedded' : ''}`
  },
}
