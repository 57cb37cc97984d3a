import { constants } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Fault, Skipped, type Check } from '../contract'

const LEAST_FREE_BYTES = 2 ** 30
const inGigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GB`

const isThere = (path: string) => stat(path).then(() => true, () => false)

/** The folder itself, or the nearest one above it, in which it would be made. */
async function existing(path: string): Promise<string> {
  return await isThere(path) || path === dirname(path) ? path : existing(dirname(path))
}

export const disk: Check = {
  name: 'disk',
  async run(context) {
    const { mode, dataDir } = context.env()
    if (mode !== 'embedded') throw new Skipped('nothing is kept on this machine')
    return examineDisk(dataDir)
  },
}

/** A volume may have a group of its own: it is let in to the folder, and not to the key. @throws Fault */
async function refuseOpen(path: string, bits: number, what: string): Promise<void> {
  const mode = await stat(path).then(found => found.mode, () => 0)
  if ((mode & bits) !== 0) throw new Fault(`${path} ${what} and is open to other users of this machine`, `chmod ${bits === 0o077 ? 'go' : 'o'}= ${path}`)
}

/** @throws Fault */
export async function examineDisk(dataDir: string, leastFreeBytes: number = LEAST_FREE_BYTES): Promise<string> {
  const folder = await existing(dataDir)
  await access(folder, constants.W_OK | constants.X_OK).catch(() => {
    throw new Fault(`${folder} can't be written to`, `give it to the user that runs the app, or set DATA_DIR to a folder of theirs`)
  })
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < leastFreeBytes) throw new Fault(`${folder} has ${inGigabytes(bavail * bsize)} free`, `make room: at least ${inGigabytes(leastFreeBytes)}`)
  await refuseOpen(dataDir, 0o007, 'holds the database')
  await refuseOpen(join(dataDir, 'encryption.key'), 0o077, 'holds the key of all credentials')
  return `${dataDir}${folder === dataDir ? '' : ' (the first start makes it)'}, ${inGigabytes(bavail * bsize)} free`
}
