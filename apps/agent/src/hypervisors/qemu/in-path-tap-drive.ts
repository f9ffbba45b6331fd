import { z } from 'zod'
import { cleanUpMirrors } from './qemu-disk-cleanup.ts'
import { listNodes, namesIn } from './qemu-disk.ts'
import type { LiveDisk } from './qemu-disk.ts'
import type { Qmp } from './qmp.ts'

/**
 * How long QEMU holds a guest's requests while nobody serves the disk: longer than an agent's restart, and than the
 * watchdog takes. Afterwards they fail; a device with werror=stop then pauses its VM instead of telling the guest.
 */
const RECONNECT_SECONDS = 60

const status = z.object({ status: z.string() })
const pathOf = (device: string): string => `/machine/peripheral/${device}`

/** The name of the node that the guest's device reads and writes now. */
export function driveOf(qmp: Qmp, device: string): Promise<string> {
  return qmp.execute('qom-get', { path: pathOf(device), property: 'drive' }, z.string())
}

/** Puts the device on a node, while the guest runs: its requests under way end first. */
export async function setDrive(qmp: Qmp, device: string, node: string): Promise<void> {
  // QEMU 7.2 dies of an assertion when a device is put on the node that it is on.
  if ((await driveOf(qmp, device)) !== node) await qmp.execute('qom-set', { path: pathOf(device), property: 'drive', value: node })
}

/** Whether QEMU has paused the VM because a disk failed; its requests wait and are tried again when it goes on. */
export async function isHalted(qmp: Qmp): Promise<boolean> {
  return (await qmp.execute('query-status', {}, status)).status === 'io-error'
}

/** Puts our NBD server, which must be serving, between the device and its disk. */
export async function insertPath(qmp: Qmp, disk: LiveDisk, device: string): Promise<void> {
  const { pathNode } = namesIn(disk)
  await cleanUpMirrors(qmp, disk)
  await removeNode(qmp, pathNode)
  await qmp.execute('blockdev-add', {
    driver: 'nbd', 'node-name': pathNode, server: { type: 'unix', path: disk.socketPath }, export: disk.key,
    'reconnect-delay': RECONNECT_SECONDS, discard: 'unmap',
  })
  await setDrive(qmp, device, pathNode)
}

/** Puts the device back on its disk. Nothing to do where it is there. */
export async function bypassPath(qmp: Qmp, path: { readonly device: string; readonly node: string; readonly pathNode: string }): Promise<void> {
  await setDrive(qmp, path.device, path.node)
  await removeNode(qmp, path.pathNode)
}

async function removeNode(qmp: Qmp, node: string): Promise<void> {
  if ((await listNodes(qmp)).has(node)) await qmp.execute('blockdev-del', { 'node-name': node })
}
