import type { Connector } from '#server/connectors/contract'
import { allConnectors } from '#server/connectors/registry'
import { webhookUri } from '#server/integrations/client'
import { settingMeaning, settingVariable } from '#server/utils/env-schema'
import type { Check, Context, Result } from '../contract'

/** Where providers have to send what happens there, and what their signatures are checked with. */
export const webhooks: Check = {
  name: 'webhooks',
  async run(context) {
    const env = context.env()
    return allConnectors().filter(connector => connector.webhooks && env.provider(connector).missing.length === 0)
      .map(connector => examine(connector, context))
  },
}

function examine(connector: Connector, context: Context): Omit<Result, 'name'> {
  const { name, webhooks, settings } = connector
  const setting = webhooks && webhooks.key !== 'client_secret' ? webhooks.key.setting : null
  if (setting === null || context.env().provider(connector).settings[setting]) return { ok: true, detail: `${name} has to send to exactly ${webhookUri(connector)}` }
  const variable = settingVariable(connector.id, setting)
  const declared = settings?.find(one => one.name === setting)
  return { ok: false, detail: `${name}'s deliveries are refused: ${variable} is not set`, fix: `set ${variable}${declared ? ` (${settingMeaning(declared)})` : ''}` }
}
