import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below the range from which the system takes ports of outgoing connections, so that none of those grabs it meanwhile. */
const LOWEST = 20_000
const HIGHEST = 32_000

/** A TCP port on 127.0.0.1 on which nothing listens now. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = randomInt(LOWEST, HIGHEST)
    if (await canListen(port)) return port
  }
  throw new Error(`No free port between ${LOWEST} and ${HIGHEST} in 50 attempts`)
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
