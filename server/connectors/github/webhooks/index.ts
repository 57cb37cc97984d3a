import type { Webhooks } from '../../contract'
import { parse } from './parse'
import { verify } from './verify'

export const webhooks = { key: { setting: 'WEBHOOK_SECRET' }, verify, parse } satisfies Webhooks
