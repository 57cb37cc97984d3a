/** What the two checks of shared channels have in common. */
import type { z } from 'zod'
import type { Evidence } from '../contract'
import { capped, plural } from '../verdict'
import type { publicChannels } from './endpoints'

type Channels = z.infer<typeof publicChannels.schema>

interface Reading {
  /** Channels of which it is true. */
  found: number
  /** Why the others prove nothing, or null. */
  unread: string | null
  evidence: Evidence
}

/** @param field which of the flags is looked at */
export function readChannels(open: Channels, closed: Channels, field: 'is_ext_shared' | 'is_pending_ext_shared'): Reading {
  const all = [...open.channels, ...closed.channels]
  const found = all.filter(channel => channel[field] === true)
  const unread = all.filter(channel => typeof channel[field] !== 'boolean').length
  return {
    found: found.length,
    // Every workspace has #general: an empty list is an answer that hides something.
    unread: open.channels.length === 0 ? 'Slack named no channel.' : unread > 0 ? `Slack did not say for ${plural(unread, 'channel')} whether it is shared.` : null,
    evidence: {
      public_channels: open.channels.length,
      // A bot sees those that it was added to; the others stay unknown, which a reader must be able to see.
      private_channels_seen: closed.channels.length,
      channels: capped(found.map(channel => `${channel.name ?? 'unnamed'} (${channel.id})`)),
      ...(unread > 0 && { unread }),
    },
  }
}
