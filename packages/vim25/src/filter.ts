import { ask, reference } from './ask.ts'
import type { Vim } from './session.ts'
import type { Ref, VimInput } from './values.ts'

/** Objects of one type below a folder, at any depth, and the properties wanted of them. */
export interface Selection {
  /** The root folder when left out. */
  readonly folder?: Ref
  /** Such as `VirtualMachine`. */
  readonly type: string
  /** Property paths, such as `name` or `config.hardware.device`. */
  readonly properties: readonly string[]
}

/** What a property collector is told to look at; `release` gives back what the server keeps for it and never rejects. */
export interface OpenFilter {
  readonly spec: VimInput
  release(): Promise<void>
}

/** Opens a view of the selection. A view belongs to the session, and is gone with it. */
export async function filterOf(vim: Vim, { folder = vim.content.rootFolder, type, properties }: Selection, signal?: AbortSignal): Promise<OpenFilter> {
  const view = await ask(vim, vim.content.viewManager, 'CreateContainerView', { container: folder, type: [type], recursive: true }, reference, signal)
  const throughView = { $type: 'TraversalSpec', name: 'view', type: view.type, path: 'view', skip: false }
  return {
    spec: { propSet: [{ type, pathSet: properties }], objectSet: [{ obj: view, skip: true, selectSet: [throughView] }] },
    release: () => quietly(vim.call(view, 'DestroyView')),
  }
}

/** One object that is known already. */
export const filterOn = (ref: Ref, properties: readonly string[]): OpenFilter => ({
  spec: { propSet: [{ type: ref.type, pathSet: properties }], objectSet: [{ obj: ref, skip: false }] },
  release: () => Promise.resolve(),
})

/** For giving back what a lost session has given back already. */
export const quietly = (call: Promise<unknown>): Promise<void> => call.then(() => undefined, () => undefined)
