import { z } from 'zod'
import { VimError } from './errors.ts'
import type { Ref, VimArguments, VimValue } from './values.ts'

/** The one way to a server: everything else is written against this. */
export interface VimCaller {
  /**
   * Calls a method of a managed object; undefined where it returns nothing. Rejects with `VimFault` when the server
   * refuses, with another `VimError` when it could not be asked, or with the signal's reason.
   */
  call(ref: Ref, method: string, args?: VimArguments, signal?: AbortSignal): Promise<VimValue | undefined>
}

export const reference = z.object({ type: z.string().min(1), value: z.string().min(1) })

/** A fault inside of a result, not instead of one. */
export const localizedFault = z.object({ fault: z.object({ $type: z.string() }), localizedMessage: z.string().optional() })

/** Calls a method and parses what it returns. Rejects as `call` does; PROTOCOL where that is something else. */
export async function ask<T>(vim: VimCaller, ref: Ref, method: string, args: VimArguments, output: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
  const parsed = output.safeParse(await vim.call(ref, method, args, signal))
  if (!parsed.success) throw new VimError('PROTOCOL', `The server's answer to ${method} is not understood: ${z.prettifyError(parsed.error)}. Its version may be too old.`)
  return parsed.data
}
