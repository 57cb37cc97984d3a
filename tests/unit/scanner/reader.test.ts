import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { ApiReader, Endpoint, ResourceDescription } from '#server/connectors/contract'
import { ProviderError } from '#server/errors'
import { LimitReached, pausingReader, sharedReader } from '#server/scanner/reader'

const endpoint: Endpoint = { id: 'settings', path: ({ externalId }) => `/${externalId}`, schema: z.unknown(), scope: 'read' }
const ofTeam: Endpoint = { ...endpoint, id: 'team', sharedBy: ({ metadata }) => String(metadata.team) }
const resource = (externalId: string, team = 'a'): ResourceDescription => ({ kind: 'project', externalId, name: externalId, metadata: { team } })

/** Answers each call as told, and counts them. */
function reading(answer: () => unknown = () => 'answer') {
  const calls: string[] = []
  const api: ApiReader = {
    facts: {},
    get: async (asked, about) => {
      calls.push(`${asked.id} ${about?.externalId}`)
      return answer() as never
    },
    async* pages(asked) {
      calls.push(asked.id)
      yield answer() as never
    },
  }
  return { api, calls }
}

const limited = (retryAfterSeconds?: number) => new ProviderError('rate_limited', 'GET /', { status: 429, retryAfterSeconds })
function refusing(error: Error) {
  return reading(() => { throw error })
}

describe('sharedReader', () => {
  it('asks once per resource, and again after it was let go', async () => {
    const { api, calls } = reading()
    const reader = sharedReader(api)
    await Promise.all([reader.get(endpoint, resource('x')), reader.get(endpoint, resource('x')), reader.get(endpoint, resource('y'))])
    expect(calls).toEqual(['settings x', 'settings y'])
    reader.forget(resource('x'))
    await reader.get(endpoint, resource('x'))
    expect(calls).toHaveLength(3)
  })

  it('asks once for all resources that share an answer, whichever are let go', async () => {
    const { api, calls } = reading()
    const reader = sharedReader(api)
    await reader.get(ofTeam, resource('x'))
    reader.forget(resource('x'))
    await reader.get(ofTeam, resource('y'))
    await reader.get(ofTeam, resource('z', 'b'))
    expect(calls).toEqual(['team x', 'team z'])
  })

  it('shares no failure with resources that come later', async () => {
    let down = true
    const { api, calls } = reading(() => {
      if (down) throw limited()
      return 'answer'
    })
    const reader = sharedReader(api)
    await expect(reader.get(ofTeam, resource('x'))).rejects.toThrow(ProviderError)
    down = false
    expect(await reader.get(ofTeam, resource('y'))).toBe('answer')
    expect(calls).toHaveLength(2)
  })
})

describe('pausingReader', () => {
  it.each([[61, 86_400], [3_600, 3_600]])('asks for a pause of %i s, with %i s left', async (seconds, left) => {
    const reader = pausingReader(refusing(limited(seconds)).api, left)
    await expect(reader.get(endpoint)).rejects.toMatchObject({ name: 'LimitReached', seconds })
    await expect(Array.fromAsync(reader.pages(endpoint))).rejects.toBeInstanceOf(LimitReached)
  })

  it.each([[60], [1], [undefined]])('leaves a limit of %s s to the check', async (seconds) => {
    const { api, calls } = refusing(limited(seconds))
    const reader = pausingReader(api, 86_400)
    for (let n = 0; n < 2; n++) await expect(reader.get(endpoint)).rejects.toMatchObject({ kind: 'rate_limited' })
    expect(calls).toHaveLength(2)
  })

  it('asks nothing more once a limit lasts longer than it may pause', async () => {
    const { api, calls } = refusing(limited(3_601))
    const reader = pausingReader(api, 3_600)
    for (let n = 0; n < 3; n++) await expect(reader.get(endpoint)).rejects.toMatchObject({ kind: 'rate_limited' })
    await expect(Array.fromAsync(reader.pages(endpoint))).rejects.toMatchObject({ kind: 'rate_limited' })
    expect(calls).toHaveLength(1)
  })

  it('passes on everything else', async () => {
    expect(await pausingReader(reading().api, 0).get(endpoint)).toBe('answer')
    await expect(pausingReader(refusing(new ProviderError('server_error', 'GET /', { retryAfterSeconds: 3_600 })).api, 86_400).get(endpoint)).rejects.toMatchObject({ kind: 'server_error' })
    await expect(pausingReader(refusing(new TypeError('ours')).api, 86_400).get(endpoint)).rejects.toThrow('ours')
  })
})
