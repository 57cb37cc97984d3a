import { afterAll, beforeAll, describe } from 'vitest'
import { openDatabase, type TestDatabase } from '../support/database.ts'
import { keys } from './functions/keys.ts'

let db: TestDatabase
beforeAll(async () => { db = await openDatabase() })
afterAll(() => db?.close())

describe('keys', () => keys(() => db))
