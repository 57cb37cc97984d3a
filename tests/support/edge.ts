/**
 * Routes of the product as an HTTP server in this process, on the rooms that are open here: for connectors that the built app
 * does not have. The handlers are the product's own files, in the order in which Nitro calls them.
 */
import { createApp, createRouter, toNodeListener, type EventHandler } from 'h3'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import origin from '../../server/middleware/2.origin.ts'
import signUp from '../../server/api/account/index.post.ts'
import callback from '../../server/api/auth/[provider]/callback.get.ts'
import showInstallation from '../../server/api/auth/[provider]/install.get.ts'
import install from '../../server/api/auth/[provider]/install.post.ts'
import login from '../../server/api/auth/[provider]/login.get.ts'
import showRole from '../../server/api/auth/[provider]/role.get.ts'
import role from '../../server/api/auth/[provider]/role.post.ts'
import assessment from '../../server/api/assessments/[id].get.ts'
import removeIntegration from '../../server/api/integrations/[id]/index.delete.ts'
import integration from '../../server/api/integrations/[id]/index.get.ts'
import changeIntegration from '../../server/api/integrations/[id]/index.patch.ts'
import resources from '../../server/api/integrations/[id]/resources/index.get.ts'
import scan from '../../server/api/integrations/[id]/scan.post.ts'
import integrations from '../../server/api/integrations/index.get.ts'
import createOrganization from '../../server/api/organizations/index.post.ts'
import providers from '../../server/api/providers/index.get.ts'
import session from '../../server/api/session/index.get.ts'
import signIn from '../../server/api/session/index.post.ts'
import switchOrganization from '../../server/api/session/organization.put.ts'
import webhook from '../../server/api/webhooks/[provider].post.ts'

const routes: readonly (readonly ['get' | 'post' | 'put' | 'patch' | 'delete', string, EventHandler])[] = [
  ['post', '/api/account', signUp],
  ['get', '/api/session', session],
  ['post', '/api/session', signIn],
  ['put', '/api/session/organization', switchOrganization],
  ['post', '/api/organizations', createOrganization],
  ['get', '/api/providers', providers],
  ['get', '/api/integrations', integrations],
  ['get', '/api/integrations/:id', integration],
  ['patch', '/api/integrations/:id', changeIntegration],
  ['delete', '/api/integrations/:id', removeIntegration],
  ['get', '/api/integrations/:id/resources', resources],
  ['post', '/api/integrations/:id/scan', scan],
  ['get', '/api/assessments/:id', assessment],
  ['get', '/api/auth/:provider/login', login],
  ['get', '/api/auth/:provider/callback', callback],
  ['get', '/api/auth/:provider/install', showInstallation],
  ['post', '/api/auth/:provider/install', install],
  ['get', '/api/auth/:provider/role', showRole],
  ['post', '/api/auth/:provider/role', role],
  ['post', '/api/webhooks/:provider', webhook],
]

export interface Edge { url: string, port: number, close: () => Promise<void> }

export async function startEdge(): Promise<Edge> {
  const app = createApp()
  app.use(origin)
  // As Nitro does: a handler that returns nothing has answered.
  const router = createRouter({ preemptive: true })
  for (const [method, path, handler] of routes) router[method](path, handler)
  app.use(router)
  const server = createServer(toNodeListener(app))
  server.keepAliveTimeout = 60_000
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}
