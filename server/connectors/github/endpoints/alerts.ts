/**
 * Open alerts of a repository. Where they can be asked for by severity, one page says whether there are any, and no more is
 * read. Null: the feature is off, by GitHub's own sentence; a licence that is missing is told by `refusal`.
 */
import { z } from 'zod'
import type { Endpoint } from '../../contract'
import { linkPaging } from '../../paging'
import { maybe, meaning, ofRepository, text } from './fields'

/** Alerts of one page: a list as long as this may go on. */
export const ALERTS_PER_PAGE = 100

const state = maybe(z.string())

export const secretAlerts = {
  id: 'secret_alerts',
  path: ofRepository(`/secret-scanning/alerts?state=open&hide_secret=true&per_page=${ALERTS_PER_PAGE}`),
  // Never `secret`, which stands there in the clear, or where it was found.
  schema: z.array(z.object({ number: z.number(), state, secret_type: text })),
  scope: 'secret_scanning_alerts:read',
  minted: true,
  otherwise: meaning([[404, /^Secret scanning is disabled/i, null]]),
} satisfies Endpoint

export const dependabotAlerts = {
  id: 'dependabot_alerts',
  path: ofRepository(`/dependabot/alerts?state=open&severity=critical&per_page=${ALERTS_PER_PAGE}`),
  schema: z.array(z.object({
    number: z.number(),
    state,
    dependency: maybe(z.object({ package: maybe(z.object({ ecosystem: text, name: text })) })),
    security_advisory: maybe(z.object({ ghsa_id: text, severity: text })),
  })),
  scope: 'vulnerability_alerts:read',
  minted: true,
  otherwise: meaning([[403, /^Dependabot alerts are (?:disabled|not available for archived)/i, null]]),
} satisfies Endpoint

const codeAlert = z.object({
  number: z.number(),
  state,
  rule: maybe(z.object({ id: text, security_severity_level: text })),
})

/** Cannot be asked for by severity, so that all open ones are read. */
export const codeAlerts = {
  id: 'code_alerts',
  path: ofRepository(`/code-scanning/alerts?state=open&per_page=${ALERTS_PER_PAGE}`),
  schema: z.array(codeAlert),
  scope: 'security_events:read',
  minted: true,
  paging: linkPaging<z.infer<typeof codeAlert>>(),
  otherwise: meaning([[404, /^No analysis found/i, null], [403, /^Code scanning is not enabled/i, null]]),
} satisfies Endpoint
