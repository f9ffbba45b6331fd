import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { QmpError } from '../../apps/agent/src/hypervisors/qemu/qmp-error.ts'
import { connectQmp } from '../../apps/agent/src/hypervisors/qemu/qmp.ts'
import type { Qmp } from '../../apps/agent/src/hypervisors/qemu/qmp.ts'
import { startTool } from '../support/processes.ts'
import { findTool } from '../support/tools.ts'
import { QEMU_NODE } from './methods.ts'
import type { Defer } from './run.ts'

const RETRY_MS = 10
/** Two seconds: a daemon that does not listen by then never will. */
const TRIES = 200

/** The name under which a daemon's disk is served. */
export const EXPORT = 'disk'

/** Starts QEMU's storage daemon, which is QEMU's block layer without a VM, with one raw disk. `folder` must not exist yet. */
export async function startDaemon(folder: string, diskPath: string, defer: Defer): Promise<{ qmp: Qmp; qmpSocketPath: string }> {
  await mkdir(folder)
  const qmpSocketPath = join(folder, 'qmp.sock')
  const daemon = await startTool(findTool('qemu-storage-daemon'), [
    '--chardev', `socket,id=qmp,path=${qmpSocketPath},server=on,wait=off`, '--monitor', 'chardev=qmp',
    '--blockdev', `driver=raw,node-name=${QEMU_NODE},discard=unmap,file.driver=file,file.filename=${diskPath}`,
  ], qmpSocketPath)
  defer(() => daemon.stop())
  const qmp = await connectSoon(qmpSocketPath)
  defer(() => qmp.close())
  return { qmp, qmpSocketPath }
}

/** The socket is there a moment before anybody listens at it. */
async function connectSoon(socketPath: string): Promise<Qmp> {
  for (let triesLeft = TRIES; ; triesLeft -= 1) {
    try {
      return await connectQmp(socketPath)
    } catch (error) {
      if (triesLeft <= 0 || !(error instanceof QmpError && error.code === 'UNREACHABLE')) throw error
      await sleep(RETRY_MS)
    }
  }
}

/** Serves the daemon's disk to a guest. */
export async function serveOnUnix(daemon: Qmp, socketPath: string): Promise<void> {
  await daemon.execute('nbd-server-start', { addr: { type: 'unix', data: { path: socketPath } } })
  await daemon.execute('block-export-add', { type: 'nbd', id: 'guest', 'node-name': QEMU_NODE, name: EXPORT, writable: true })
}
