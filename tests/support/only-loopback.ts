/**
 * Preloaded (`NODE_OPTIONS=--import=...`) into an app that must reach this machine only: any other host is refused and
 * named on standard error.
 */
import { Socket } from 'node:net'
import process from 'node:process'

const { connect } = Socket.prototype
const here = new Set(['localhost', '127.0.0.1', '::1'])

function hostOf(args: unknown[]): string | null {
  const [first, second] = Array.isArray(args[0]) ? args[0] as unknown[] : args
  if (typeof first === 'object' && first !== null && 'host' in first) return String(first.host)
  return typeof first === 'number' && typeof second === 'string' ? second : null
}

Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
  const host = hostOf(args)
  if (host === null || here.has(host)) return Reflect.apply(connect, this, args)
  process.stderr.write(`outgoing connection to ${host}\n`)
  return this.destroy(new Error('only this machine may be reached'))
} as typeof connect
