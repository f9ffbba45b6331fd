import { join } from 'node:path'
import { z } from 'zod'
import { id } from '@driftless/agent-api'
import { readBounded, writeWhole } from './files.ts'

/** What a device's folder of a seed says it is. Nobody vouches for it: what counts is the signed manifest. */
const label = z.object({
  format: z.literal('driftless-seed-1'),
  seedId: z.uuid(),
  shipmentId: id,
  migrationId: id,
  deviceId: z.uuid(),
  /** Of the seed's devices, from 1. */
  number: z.number().int().min(1).max(16),
})
export type Label = z.infer<typeof label>

const FILE = 'label.json'
const MAX_LABEL_BYTES = 4_096

/** The label of a seed's folder. Rejects when there is none that can be read. */
export async function readLabel(folder: string): Promise<Label> {
  return label.parse(JSON.parse((await readBounded(join(folder, FILE), MAX_LABEL_BYTES)).toString('utf8')))
}

export const writeLabel = (folder: string, value: Omit<Label, 'format'>): Promise<void> =>
  writeWhole(join(folder, FILE), Buffer.from(`${JSON.stringify({ format: 'driftless-seed-1', ...value }, null, 2)}\n`))
