import { ask, reference, waitForTask } from '@driftless/vim25'
import type { Ref, Vim, VimArguments } from '@driftless/vim25'

/** Calls a method that starts a task, and waits for the task's end. Resolves and rejects as `waitForTask` does. */
export async function runTask(vim: Vim, ref: Ref, method: `${string}_Task`, args: VimArguments = {}, signal?: AbortSignal): Promise<unknown> {
  return waitForTask(vim, await ask(vim, ref, method, args, reference, signal), signal)
}
