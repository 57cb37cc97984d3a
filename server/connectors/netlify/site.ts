/** What several checks ask of a site's settings. */
import type { z } from 'zod'
import type { siteSettings } from './endpoints'

type Settings = z.infer<typeof siteSettings.schema>

/** The site's own domain; null when it has none (its netlify.app address always uses HTTPS); undefined when not stated. */
export function ownDomain({ custom_domain: domain }: Settings): string | null | undefined {
  return domain === '' ? null : domain
}

export interface Repository {
  /** Undefined: not stated. */
  isPublic: boolean | undefined
  privateLogs: boolean | undefined
  untrustedFlow: string | undefined
}

/** The repository that the site is built from; null when there is none; undefined when the settings could not be read. */
export function repository({ build_settings: settings }: Settings): Repository | null | undefined {
  if (settings === undefined) return undefined
  if (settings === null || (!settings.repo_url && !settings.repo_path)) return null
  return { isPublic: settings.public_repo ?? undefined, privateLogs: settings.private_logs ?? undefined, untrustedFlow: settings.untrusted_flow || undefined }
}

const covering = ['all', 'non_production']

/** Whether a protection reaches previews and branch deploys: by its context, of which two are known. */
export function coversPreviews(context: string | null | undefined): boolean | undefined {
  return context ? covering.includes(context) || undefined : undefined
}

/** `*.example.com` covers one label; everything else is compared as it stands. */
export function covers(names: readonly string[], domain: string): boolean {
  const wanted = domain.toLowerCase()
  const parent = wanted.slice(wanted.indexOf('.'))
  return names.some(name => [wanted, `*${parent}`].includes(name.toLowerCase()))
}
