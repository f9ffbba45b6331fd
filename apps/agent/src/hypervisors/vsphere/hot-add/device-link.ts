import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { diskIdentity } from './devices.ts'

const LOOK_EVERY_MS = 50

/** Where udev shows a SCSI disk by its identity. */
export const linkPath = (directory: string, uuid: string): string => join(directory, `wwn-0x${diskIdentity(uuid)}`)

/** Waits until the link is there, or is not. False: it was not so within the limit. */
export async function waitForLink(path: string, wanted: 'THERE' | 'GONE', limitMs: number): Promise<boolean> {
  const untilMs = performance.now() + limitMs
  for (;;) {
    if ((await exists(path)) === (wanted === 'THERE')) return true
    if (performance.now() >= untilMs) return false
    await pause(LOOK_EVERY_MS)
  }
}

/** The link itself: what it leads to may be gone already. */
const exists = (path: string): Promise<boolean> => lstat(path).then(() => true, () => false)
