/** Which environment variables hold a secret, by their names: values are never asked for. */
import type { z } from 'zod'
import type { Evaluation } from '../contract'
import type { environment } from './endpoints'
import { plural, unverified } from '../verdict'

type Answer = z.infer<typeof environment.schema>
export type Variable = NonNullable<Answer['envs']>[number]

const secretLike = /secret|token|passw(?:or)?d|private_?key|api_?key|access_?key|signing_?key|credential|(?:database|postgres|mysql|mongo|mongodb|redis|amqp)_?(?:url|uri)|_dsn$|connection_string/i
/** Put into the page by the framework, so public on purpose. */
const publicPrefix = /^(?:NEXT_PUBLIC|NUXT_PUBLIC|PUBLIC|VITE|REACT_APP|GATSBY|EXPO_PUBLIC|VUE_APP)_/

export function isSecretLike({ key }: Pick<Variable, 'key'>): boolean {
  return secretLike.test(key) && !publicPrefix.test(key)
}

/** Stored so that it can be read. `visibility` is `config` or `secret`, and where Vercel states it, it goes before the type. */
export function isReadable({ type, visibility }: Pick<Variable, 'type' | 'visibility'>): boolean {
  return visibility ? visibility === 'config' : type === 'plain'
}

/** Stored as a secret by somebody who knew that it is one, whatever its name. */
export function isStoredAsSecret({ type, visibility }: Pick<Variable, 'type' | 'visibility'>): boolean {
  return visibility === 'secret' || type === 'sensitive' || type === 'secret'
}

/** Why the listed variables are not all of them, or null. */
export function incomplete({ pagination, hiddenProductionEnvCount: hidden }: Omit<Answer, 'envs'>, evidence: Evaluation['evidence']): Evaluation | null {
  if (pagination?.next) return unverified('Vercel sent a part of the variables only.', evidence)
  if (hidden === undefined) return unverified('Vercel did not say how many variables it hides.', evidence)
  return hidden !== null && hidden !== 0 ? unverified(`Vercel hides ${plural(hidden, 'production variable')} from whoever installed the integration.`, { ...evidence, hidden }) : null
}
