/**
 * The contract of a connector with OAuth: begin, denied, callback, resources, refresh, 401, scan, webhook, revoke, in this order and
 * on one connection. What a connector declares not to have is shown to be absent, never left out.
 */
import { beforeAll, expect, it } from 'vitest'
import type { OAuthConnector } from '#server/connectors/contract'
import { expectStatus } from '../../support/client.ts'
import { connecting } from './oauth-connecting.ts'
import { ending } from './oauth-ending.ts'
import { keeping } from './oauth-keeping.ts'
import { openPlay } from './oauth-play.ts'
import type { OAuthParticulars } from './particulars.ts'
import { expectEveryVerdict, expectResources, publishedContract } from './shared.ts'
import type { Stage } from './stage.ts'

export function oauthContract(connector: OAuthConnector, particulars: OAuthParticulars, stage: () => Stage): void {
  const play = openPlay(connector, particulars, stage)
  beforeAll(async () => { play.owner = await stage().person() })

  connecting(play)

  it('resources: all that the account has, each once, of kinds that checks ask about', async () => {
    expectResources(connector, particulars, await stage().resources(play.owner, play.integrationId))
  })

  keeping(play)

  it('scan: every check has a verdict on every resource of its kinds', async () => {
    expectStatus(await play.owner.patch(`/api/integrations/${play.integrationId}`, { enabled_checks: connector.checks.map(check => check.id) }), 200)
    const assessment = await stage().scan(play.owner, play.integrationId)
    expectEveryVerdict(connector, particulars, await stage().resources(play.owner, play.integrationId), assessment)
    for (const { accessToken } of play.held.values()) expect(JSON.stringify(assessment)).not.toContain(accessToken)
  })

  ending(play)

  publishedContract(particulars, () => play.standIn().exchanges, ({ method, path }) => method === 'POST' && [play.authorizePath(), play.installPath()].includes(path))
}
