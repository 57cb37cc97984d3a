/** Which environment variables hold a secret, by their names: values are never asked for. */
import type { z } from 'zod'
import type { environment } from './endpoints'

export type Variable = NonNullable<z.infer<typeof environment.schema>['envs']>[number]

const secretLike = /secret|token|passw(?:or)?d|private_?key|api_?key|access_?key|signing_?key|credential|(?:database|postgres|mysql|mongo|mongodb|redis|amqp)_?(?:url|uri)|_dsn$|connection_string/i
/** Put into the page by the framework, so public on purpose. */
const publicPrefix = /^(?:NEXT_PUBLIC|NUXT_PUBLIC|PUBLIC|VITE|REACT_APP|GATSBY|EXPO_PUBLIC|VUE_APP)_/

export function isSecretLike({ key }: Pick<Variable, 'key'>): boolean {
  return secretLike.test(key) && !publicPrefix.test(key)
}
