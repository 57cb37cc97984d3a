import { isOAuth } from '#server/connectors/contract'
import { allConnectors } from '#server/connectors/registry'
import { redirectUri } from '#server/integrations/client'
import { Skipped, type Check } from '../contract'

/** What has to stand at each provider, character by character. */
export const redirects: Check = {
  name: 'redirect uri',
  async run(context) {
    const env = context.env()
    const configured = allConnectors().filter(connector => isOAuth(connector) && env.provider(connector).missing.length === 0)
    if (configured.length === 0) throw new Skipped('no provider is configured')
    return configured.map(connector => ({ ok: true, detail: `${connector.name} has to have exactly ${redirectUri(connector)} registered` }))
  },
}
