/** Ends of a refresh that say nothing of the provider or the grant. */

/** The lanes were full for too long: nothing was sent. */
export class TurnMissed extends Error {
  override name = 'TurnMissed'
}

/** The row is another holder's or a newer grant's by now: what counts is what stands there. */
export class Overtaken extends Error {
  override name = 'Overtaken'
}

/** This process is about to end: nothing was sent. */
export class Closing extends Error {
  override name = 'Closing'
}
