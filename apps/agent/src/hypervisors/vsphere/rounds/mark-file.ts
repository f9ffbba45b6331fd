import { rm } from 'node:fs/promises'
import { z } from 'zod'
import { readState, writeState } from '../../../state-file.ts'

/**
 * What of a disk is durable at the target: everything up to the moment that `changeId` names, for the replica's content
 * history `epoch`. Written only after the target has flushed.
 */
const mark = z.object({ epoch: z.string(), changeId: z.string() })
export type Mark = z.infer<typeof mark>

const pathOf = (statePath: string): string => `${statePath}.mark.json`

/** Null where there is none, or it cannot be read: then hashes decide. */
export const readMark = (statePath: string): Promise<Mark | null> => readState(pathOf(statePath), mark).catch(() => null)

export const writeMark = (statePath: string, said: Mark): Promise<void> => writeState(pathOf(statePath), said)

export const removeMark = (statePath: string): Promise<void> => rm(pathOf(statePath), { force: true })
