import type { Duplex } from 'node:stream'
import { StreamError } from './protocol.ts'

/**
 * Waits for what `listen` resolves with; it returns how to stop listening. When the connection fails meanwhile, or the time is
 * over, it is destroyed, and this rejects with `StreamError`, or the signal's reason.
 */
export function answerFrom<T>(connection: Duplex, target: { host: string; port: number }, signal: AbortSignal, timeoutMs: number, listen: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
      connection.off('error', failed).off('end', ended).off('close', ended)
      stopListening()
    }
    const fail = (why: unknown) => {
      stop()
      connection.on('error', () => {}) // what it says after it was given up on tells nothing more
      connection.destroy()
      reject(why)
    }
    const failed = (error: Error) => fail(error instanceof StreamError ? error : unreachable(target, error.message))
    const ended = () => fail(unreachable(target, 'it closed the connection'))
    const aborted = () => fail(signal.reason)
    const timer = setTimeout(() => fail(unreachable(target, `no answer within ${timeoutMs / 1000} s`)), timeoutMs)
    connection.on('error', failed).on('end', ended).on('close', ended)
    signal.addEventListener('abort', aborted)
    const stopListening = listen((value) => {
      stop()
      resolve(value)
    }, fail)
    if (signal.aborted) aborted()
    else if (connection.destroyed) ended()
  })
}

export const unreachable = (target: { host: string; port: number }, why: string): StreamError =>
  new StreamError('TARGET_UNREACHABLE', `The target agent at ${target.host}:${target.port} cannot be reached: ${why}. Check that it runs and that a firewall lets this agent's connection through.`)
