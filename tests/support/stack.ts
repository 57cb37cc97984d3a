/** Provider, database and app together, each started in the order that the others need. */
import { startApp, type TestApp } from './app.ts'
import { openBackend, type Backend } from './backend.ts'
import { ApiClient, type Person } from './client.ts'
import { freePort } from './free-port.ts'
import { callbacks, startProvider, type Provider, type ProviderOptions } from './provider.ts'

export interface Stack {
  app: TestApp
  provider: Provider
  backend: Backend
  /** A new browser, signed in as a new person with an organization of their own. */
  person: (as?: Person) => Promise<ApiClient>
  close: () => Promise<void>
}

export interface StackOptions {
  /** On top of what provider and database bring. */
  env?: Record<string, string | undefined>
  mode?: Backend['mode']
  provider?: Omit<ProviderOptions, 'redirectUris'>
}

export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const port = await freePort()
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const provider = await startProvider({ ...options.provider, redirectUris: callbacks(`http://localhost:${port}`) })
    closers.push(provider.close)
    const backend = await openBackend(options.mode)
    closers.push(backend.close)
    const app = await startApp({ port, env: { ...provider.env, ...backend.env, ...options.env } })
    closers.push(app.stop)
    return {
      app,
      provider,
      backend,
      person: async (as) => {
        const client = new ApiClient(app.url)
        await client.signUp(as)
        return client
      },
      close,
    }
  }
  catch (error) {
    await close()
    throw error
  }
}
