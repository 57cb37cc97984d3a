/**
 * PGlite is one session, and neither Lite nor pg-boss holds it: Lite sends `begin`, the caller's role and claims, the
 * statement and `commit` one by one, so that two requests at once run under each other's role, and pg-boss's statements in
 * a person's transaction. Whoever uses the session takes a turn, for a whole request or statement.
 */
import type { PGlite } from '@supabase/lite/pglite'

/** Runs the work when all that was asked for before it has ended, however that ended. */
export type TakeTurn = <T>(work: () => Promise<T>) => Promise<T>

export function newTurns(): TakeTurn {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
}

/** The session's own functions, each in a turn. */
export type Session = Pick<PGlite, 'query' | 'exec' | 'transaction' | 'listen'>

export function sessionInTurns(database: PGlite, turn: TakeTurn): Session {
  /** A block that fails between its own `begin` and `commit` must not leave its transaction to whoever is next. */
  const orRollBack = <T>(work: () => Promise<T>) => turn(async () => {
    try {
      return await work()
    }
    catch (error) {
      await database.exec('rollback')
      throw error
    }
  })
  return {
    query: (text, parameters, options) => orRollBack(() => database.query(text, parameters, options)),
    exec: (text, options) => orRollBack(() => database.exec(text, options)),
    transaction: work => turn(() => database.transaction(work)),
    listen: async (channel, onMessage) => {
      const stop = await turn(() => database.listen(channel, onMessage))
      return () => turn(() => stop())
    },
  }
}
