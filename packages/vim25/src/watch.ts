import { filterOf } from './filter.ts'
import type { Selection } from './filter.ts'
import type { Vim } from './session.ts'
import { followUpdates } from './updates.ts'
import type { UpdateBatch } from './updates.ts'

/**
 * Everything selected, then every change to it: the full list may come in several batches, of which the first is
 * `fresh` and the last `complete`. Ends when the signal aborts or the caller leaves the loop; rejects with
 * `VimError`, after which the caller may watch anew.
 */
export const watch = (vim: Vim, selection: Selection, signal?: AbortSignal): AsyncGenerator<UpdateBatch, void, void> => followUpdates(vim, () => filterOf(vim, selection, signal), signal)
