/** A TCP proxy that can fall silent: what a database or a server looks like when it hangs, or is gone. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface TcpProxy {
  port: number
  /** The same address, through this proxy. */
  through: (url: string) => string
  /** Takes connections and passes nothing on, in either direction. */
  hang: () => void
  /** Tears down every connection and takes no more. */
  cut: () => void
  restore: () => void
  close: () => Promise<void>
}

export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target)
  let state: 'open' | 'hanging' | 'cut' = 'open'
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    if (state === 'cut') return void client.resetAndDestroy()
    const upstream = connect(Number(port), hostname)
    for (const [socket, other] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.on('data', (chunk) => { if (state === 'open') other.write(chunk) })
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const own = (server.address() as AddressInfo).port
  const cutAll = () => { for (const socket of sockets) socket.destroy() }
  return {
    port: own,
    through: (url) => {
      const address = new URL(url)
      address.hostname = '127.0.0.1'
      address.port = String(own)
      return address.href.replace(/\/$/, '')
    },
    hang: () => { state = 'hanging' },
    cut: () => {
      state = 'cut'
      cutAll()
    },
    restore: () => {
      state = 'open'
      cutAll()
    },
    close: () => new Promise((resolve) => {
      cutAll()
      server.close(() => resolve())
    }),
  }
}
