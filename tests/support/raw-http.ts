/** Bytes to a server and back, for requests that no client would send. */
import { connect } from 'node:net'

/** @returns what came until the server closed the connection, or had sent a whole head and `timeoutMs` passed */
export function rawHttp(port: number, request: string, timeoutMs = 5_000): Promise<{ status: number, text: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const chunks: string[] = []
    const timer = setTimeout(() => socket.destroy(), timeoutMs)
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => chunks.push(chunk))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // The server may close while it is still being written to.
      if (chunks.length === 0 && error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error)
    })
    socket.on('close', () => {
      clearTimeout(timer)
      const text = chunks.join('')
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text })
    })
    socket.write(request)
  })
}
