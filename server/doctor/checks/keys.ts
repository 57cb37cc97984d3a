import { EncryptionError } from '#server/utils/encryption'
import { Fault, Skipped, type Check } from '../contract'
import { installKeys } from '../key-census'

const backup = 'restore encryption.key from a backup, or set ENCRYPTION_KEY or ENCRYPTION_KEYS_PREVIOUS to the key that is missing'

export const keys: Check = {
  name: 'keys',
  async run(context) {
    const has = await installKeys(context.env()).catch((error: unknown) => {
      throw error instanceof EncryptionError ? new Fault(error.message, backup) : error
    })
    const [table] = await context.query(`select to_regclass('public.integrations') is not null as there`)
    if (table?.there !== true) throw new Skipped('nothing is stored yet')
    if (!has) throw new Fault('there is a database, and no key', backup)
    const holdings = await context.keyCensus(context.query)
    const unknown = holdings.filter(holding => !holding.known)
    if (unknown.length > 0) {
      throw new Fault(`of ${sum(holdings)} stored, ${sum(unknown)} can't be opened: ${unknown.map(({ kind, keyId, held }) => `${held} (${kind}) with key ${keyId ?? 'unnamed'}`).join(', ')}`, backup)
    }
    if (holdings.length === 0) return 'nothing is stored yet'
    return `all ${sum(holdings)} stored can be opened: ${holdings.map(({ kind, keyId, held }) => `${held} (${kind}) with key ${keyId ?? 'unnamed'}`).join(', ')}`
  },
}

function sum(holdings: { held: number }[]): number {
  return holdings.reduce((total, { held }) => total + held, 0)
}
