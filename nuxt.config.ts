import { fileURLToPath } from 'node:url'
import type { Nuxt } from 'nuxt/schema'

const root = fileURLToPath(new URL('.', import.meta.url))

/**
 * Vue numbers ids (a label's `for`, a field's `id`) along the components that registered onServerPrefetch. Nuxt strips that
 * call from production's browser build, so each icon shifts the numbers and hydrated labels point to nothing: keep it.
 */
function keepServerPrefetch(_options: unknown, nuxt: Nuxt) {
  const { client } = nuxt.options.optimization.treeShake.composables
  client.vue = client.vue?.filter(name => name !== 'onServerPrefetch') ?? []
}

/**
 * Nothing here reads the environment: every setting is read at run time by server/utils/env.ts, so that one build
 * serves every deployment.
 */
export default defineNuxtConfig({
  compatibilityDate: '2026-11-01',
  future: { compatibilityVersion: 4 },
  srcDir: '.',
  serverDir: 'server',
  modules: ['@nuxt/ui', 'nuxt-security', '@nuxt/eslint', keepServerPrefetch],
  css: ['~/assets/main.css'],
  telemetry: false,
  devtools: { enabled: false },
  alias: { '#server': `${root}server` },
  components: [{ path: '~/components', pathPrefix: true }],
  imports: { scan: true },
  app: {
    head: {
      htmlAttrs: { lang: 'en' },
      meta: [{ name: 'viewport', content: 'width=device-width, initial-scale=1' }],
      link: [{ rel: 'icon', type: 'image/svg+xml', href: '/favicon.svg' }],
    },
  },
  ui: { fonts: false },
  // Icons come from packages only: those the pages name travel with the scripts, a provider's own is asked of this server,
  // outside /api so that no session is looked up for it.
  icon: {
    serverBundle: { collections: ['lucide', 'simple-icons'] },
    clientBundle: { scan: true, sizeLimitKb: 64 },
    localApiEndpoint: '/_icons',
    fallbackToApi: false,
  },
  colorMode: { preference: 'system', fallback: 'light', storageKey: 'allyship-theme' },
  security: {
    headers: {
      contentSecurityPolicy: {
        'default-src': ["'none'"],
        'base-uri': ["'none'"],
        'connect-src': ["'self'"],
        'font-src': ["'self'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
        'img-src': ["'self'", 'data:'],
        'manifest-src': ["'self'"],
        'object-src': ["'none'"],
        'script-src': ["'nonce-{{nonce}}'", "'strict-dynamic'"],
        'script-src-attr': ["'none'"],
        'style-src': ["'self'", "'unsafe-inline'"],
        // Decided per request in server/plugins/: both break plain http://localhost.
        'upgrade-insecure-requests': false,
      },
      strictTransportSecurity: false,
      crossOriginEmbedderPolicy: 'require-corp',
      referrerPolicy: 'no-referrer',
      xFrameOptions: 'DENY',
    },
    corsHandler: false,
    rateLimiter: false,
    requestSizeLimiter: false,
    xssValidator: false,
    allowedMethodsRestricter: false,
    hidePoweredBy: true,
    ssg: false,
  },
  nitro: {
    experimental: { tasks: true },
    compressPublicAssets: true,
    scheduledTasks: { '* * * * *': ['scan:due', 'tokens:refresh', 'health:watch', 'webhooks:due'], '*/10 * * * *': ['retention:prune'] },
    serverAssets: [{ baseName: 'migrations', dir: '../supabase/migrations' }],
    esbuild: { options: { target: 'es2023' } },
    typescript: { tsConfig: { compilerOptions: { noUncheckedIndexedAccess: true, allowImportingTsExtensions: true } } },
  },
  typescript: {
    strict: true,
    tsConfig: { compilerOptions: { noUncheckedIndexedAccess: true, allowImportingTsExtensions: true } },
  },
  eslint: { config: { stylistic: { quotes: 'single', semi: false } } },
})
