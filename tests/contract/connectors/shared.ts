/** What holds for every connector, however it authorizes. */
import { expect, it } from 'vitest'
import type { Connector } from '#server/connectors/contract'
import { verdicts } from '#shared/vocabulary'
import type { Assessment } from '../../support/rooms.ts'
import type { Exchange } from '../../support/served-stand-in.ts'
import type { Particulars } from './particulars.ts'
import { openPublished } from './published.ts'
import type { Resource } from './stage.ts'

const asks = (connector: Connector, kind: string) => connector.checks.filter(({ kinds }) => kinds?.includes(kind) ?? true)

export function expectResources(connector: Connector, { resources: expected }: Particulars, found: readonly Resource[]): void {
  const counts = Object.fromEntries(Object.entries(Object.groupBy(found, resource => resource.kind)).map(([kind, list]) => [kind, list?.length]))
  expect(counts).toEqual(expected)
  expect(new Set(found.map(({ kind, external_id: id }) => `${kind} ${id}`)).size).toBe(found.length)
  for (const kind of Object.keys(expected)) expect(asks(connector, kind), `no check asks about a ${kind}`).not.toEqual([])
}

/** A check that only ever says `error` is one that could not be told from one that does not work. */
export function expectEveryVerdict(connector: Connector, { unanswered = {} }: Particulars, resources: readonly Resource[], assessment: Assessment): void {
  expect(assessment.status).toBe('completed')
  const pairs = (list: readonly { resource_id: string, check_id: string }[]) => list.map(one => `${one.resource_id} ${one.check_id}`).sort()
  const wanted = resources.flatMap(({ id, kind }) => asks(connector, kind).map(check => ({ resource_id: id, check_id: check.id })))
  expect(pairs(assessment.results)).toEqual(pairs(wanted))
  for (const { verdict, summary, check_id: id } of assessment.results) {
    expect(verdicts, id).toContain(verdict)
    expect(summary, id).toMatch(/\S/)
  }
  const silent = connector.checks.map(check => check.id).filter(id => assessment.results.filter(one => one.check_id === id).every(one => one.verdict === 'error'))
  expect(silent).toEqual(Object.keys(unanswered))
  for (const verdict of ['pass', 'fail'] as const) expect(assessment.counts[verdict], `the account has no ${verdict}`).toBeGreaterThan(0)
}

/** All that was said between the two in the steps before. @param ofPeople what a browser sent, which no document has */
export function publishedContract({ published }: Particulars, exchanges: () => readonly Exchange[], ofPeople: (exchange: Exchange) => boolean): void {
  const opened = typeof published === 'string' ? null : openPublished(published)
  it.skipIf(opened === null && typeof published !== 'string')('published: every request is one of the provider\'s document, and every answer as it says', () => {
    const said = exchanges().filter(exchange => !ofPeople(exchange))
    expect(said.length).toBeGreaterThan(0)
    if (opened === null) return expect(published).toMatch(/\S/)
    expect(opened.faults(said)).toEqual([])
  })
}
