import { z } from 'zod'
import { localizedFault, reference } from './ask.ts'
import { VimError, VimFault } from './errors.ts'
import { filterOn } from './filter.ts'
import { retrieveOne } from './retrieve.ts'
import type { Vim } from './session.ts'
import { followUpdates } from './updates.ts'
import { nameOf } from './values.ts'
import type { Ref } from './values.ts'

const taskInfo = z.object({
  /** Such as `VirtualMachine.powerOn`. */
  descriptionId: z.string(),
  entity: reference.optional(),
  state: z.enum(['queued', 'running', 'success', 'error']),
  error: localizedFault.optional(),
  result: z.unknown().optional(),
})

/**
 * Waits until a task has ended, however long it takes (a consolidation may run for hours); a signal ends the waiting,
 * not the task. Resolves to its result. Rejects with the `VimFault` that the task ended in, with another `VimError`
 * (GONE: the server has forgotten it, ten minutes after its end), or with the signal's reason.
 */
export async function waitForTask(vim: Vim, task: Ref, signal?: AbortSignal): Promise<unknown> {
  // Asked first and after each change: a filter on what is gone says nothing of it on every version.
  let info = await readTask(vim, task, signal)
  if (isRunning(info)) {
    for await (const _ of followUpdates(vim, () => Promise.resolve(filterOn(task, ['info.state'])), signal)) {
      info = await readTask(vim, task, signal)
      if (!isRunning(info)) break
    }
  }
  signal?.throwIfAborted()
  const { descriptionId, entity = task, state, error, result } = info
  if (state !== 'error') return result
  throw new VimFault(error?.fault.$type ?? 'an unnamed fault', error?.localizedMessage ?? '', { method: descriptionId, ref: entity, detail: error?.fault })
}

const isRunning = ({ state }: z.infer<typeof taskInfo>): boolean => state === 'queued' || state === 'running'

async function readTask(vim: Vim, task: Ref, signal: AbortSignal | undefined): Promise<z.infer<typeof taskInfo>> {
  const { properties } = await retrieveOne(vim, task, ['info'], signal)
  const parsed = taskInfo.safeParse(properties.info)
  if (!parsed.success) throw new VimError('PROTOCOL', `What the server says of ${nameOf(task)} is not understood: ${z.prettifyError(parsed.error)}.`)
  return parsed.data
}
