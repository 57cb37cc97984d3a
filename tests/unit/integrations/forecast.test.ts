import { describe, expect, it } from 'vitest'
import { forecast, type ForecastFacts } from '#server/integrations/forecast'

const at = (text: string) => `2026-${text}T00:00:00.000Z`
const day = 86_400
const facts = (fields: Partial<ForecastFacts> = {}): ForecastFacts =>
  ({ provider: 'Acme', lastSuccessAt: at('01-01'), expiresAt: at('01-02'), refreshExpiresAt: null, refreshIssuedAt: null, clientSecretExpires: null, connectedByMember: true, ...fields })
const causes = (fields: Partial<ForecastFacts>) => forecast(facts(fields)).causes.map(({ cause, at, certain }) => [cause, at, certain])

describe('forecast', () => {
  it.each<[string, Partial<ForecastFacts>, unknown[][]]>([
    ['nothing ends what is renewed by itself', {}, []],
    ['nor what is marked so', { renewable: true }, []],
    ['the access token, when nothing renews it', { renewable: false }, [['access_token_end', at('01-02'), true]]],
    ['one that never ends', { renewable: false, expiresAt: null }, []],
    ['the refresh token, as the provider says', { refreshExpiresAt: at('06-01') }, [['refresh_token_end', at('06-01'), true]]],
    ['the refresh token, as it is documented, counted from its issue', { refreshIssuedAt: at('01-01'), lastSuccessAt: at('01-20'), lifetimes: { refreshTokenSeconds: 30 * day } }, [['refresh_token_end', at('01-31'), false]]],
    ['not the refresh token of whose issue nothing is known', { lastSuccessAt: at('01-20'), lifetimes: { refreshTokenSeconds: 30 * day } }, []],
    ['what the provider says before what is documented', { refreshExpiresAt: at('06-01'), refreshIssuedAt: at('01-01'), lifetimes: { refreshTokenSeconds: day } }, [['refresh_token_end', at('06-01'), true]]],
    ['a refresh token that is not there', { renewable: false, expiresAt: null, refreshExpiresAt: at('06-01') }, []],
    ['disuse, counted from the last success', { refreshIssuedAt: at('01-01'), lastSuccessAt: at('01-05'), lifetimes: { idleSeconds: 10 * day } }, [['idle_limit', at('01-15'), false]]],
    ['disuse of what was never used', { lifetimes: { idleSeconds: 10 * day, refreshTokenSeconds: day }, lastSuccessAt: null }, []],
    ['the application\'s secret', { clientSecretExpires: at('03-01') }, [['application_secret_end', at('03-01'), true]]],
    ['the person who left', { connectedByMember: false }, [['connected_by_left', null, false]]],
    ['nonsense as not known', { refreshExpiresAt: 'soon', expiresAt: '', renewable: false }, []],
  ])('%s', (_, fields, expected) => expect(causes(fields)).toEqual(expected))

  it('sorts by time, what has none last, and ends with the first', () => {
    const all = { refreshExpiresAt: at('06-01'), lifetimes: { idleSeconds: 300 * day }, clientSecretExpires: at('03-01'), connectedByMember: false }
    expect(causes(all).map(([cause]) => cause)).toEqual(['application_secret_end', 'refresh_token_end', 'idle_limit', 'connected_by_left'])
    expect(forecast(facts(all)).ends_at).toBe(at('03-01'))
    expect(forecast(facts({ connectedByMember: false })).ends_at).toBeNull()
    expect(forecast(facts()).ends_at).toBeNull()
  })

  it('compares times, not texts', () => {
    expect(forecast(facts({ clientSecretExpires: '2026-03-01T01:00:00+02:00', refreshExpiresAt: '2026-02-28T23:30:00Z' })).causes.map(one => one.at))
      .toEqual(['2026-02-28T23:00:00.000Z', '2026-02-28T23:30:00.000Z'])
  })

  it('names the provider in each sentence', () => {
    const { causes } = forecast(facts({ refreshExpiresAt: at('06-01'), lifetimes: { idleSeconds: day }, clientSecretExpires: at('03-01'), connectedByMember: false }))
    expect([...causes, ...forecast(facts({ renewable: false })).causes]).toHaveLength(5)
    for (const { sentence } of causes) expect(sentence).toMatch(/^.*Acme.*\.$/)
  })
})
