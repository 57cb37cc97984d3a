/** One of several processes that go for the same locks at the same moments: prints which it won. Run by lock.test.ts. */
import { join } from 'node:path'
import process from 'node:process'
import { lockDataDir } from '../../../server/database/lock.ts'

const [folder = '', rounds = '0', start = '0'] = process.argv.slice(2)
for (let round = 0; round < Number(rounds); round++) {
  while (Date.now() < Number(start) + round * 10); // on purpose busy: a timer would not hit the same moment
  try {
    await lockDataDir(join(folder, String(round)), { patienceMs: 0 })
    process.stdout.write(`won ${round}\n`)
  }
  catch (error) {
    if (!(error instanceof Error && error.name === 'DataDirLockedError')) throw error
  }
}
// The locks are left: nobody may win one a second time while this process lives.
await new Promise(resolve => setTimeout(resolve, Math.max(0, Number(start) + Number(rounds) * 10 + 1_500 - Date.now())))
