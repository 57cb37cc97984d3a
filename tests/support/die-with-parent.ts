/**
 * Preloaded (`node --import`) into every process that a test starts: its standard input is a pipe from the test, so that
 * the end of the test, however it comes, ends it too. It keeps nothing alive by itself.
 */
import process from 'node:process'

process.stdin.on('close', () => process.kill(process.pid, 'SIGKILL'))
process.stdin.resume()
if ('unref' in process.stdin && typeof process.stdin.unref === 'function') process.stdin.unref()
