/** For the taps' tests: a disk in a real QEMU process, and its "guest" (an NBD client of QEMU's). */
import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { connectNbd } from '@driftless/nbd'
import type { NbdClient } from '@driftless/nbd'
import { qemuForTests } from '@driftless/tests/support/qemu.ts'
import { SIZE_BYTES } from '../../../tap/testing/guest-load.ts'
import type { LiveDisk } from '../qemu-disk.ts'
import { QmpLink } from '../qmp-link.ts'

const run = promisify(execFile)

export interface TestDisk {
  readonly disk: LiveDisk
  readonly link: QmpLink
  /** What a guest would write through. */
  readonly guest: () => NbdClient
  /** Ends the QEMU process. */
  stop(): Promise<void>
  /** Ends the QEMU process and starts it again on the same image. */
  restart(): Promise<void>
  /** Its process is gone without having been asked. */
  readonly crashed: boolean
  close(): Promise<void>
}

/** A folder of a test, short enough for sockets. */
export const testFolder = () => mkdtemp(join(tmpdir(), 'dl-tap-'))

/** Starts a QEMU storage daemon on a fresh image. */
export async function startDisk(folder: string, format: 'raw' | 'qcow2'): Promise<TestDisk> {
  const { programs } = await qemuForTests()
  const path = join(folder, `disk.${format}`)
  const qmpSocket = join(folder, 'qmp.sock')
  const exportSocketPath = join(folder, 'export.sock')
  await run(join(programs, 'qemu-img'), ['create', '-q', '-f', format, path, String(SIZE_BYTES)])
  const link = new QmpLink(qmpSocket)
  const disk: LiveDisk = {
    vm: { ref: 'vm-1', link, exportSocketPath },
    key: 'disk-0', rawPath: format === 'raw' ? path : null, node: 'disk0', device: null, sizeBytes: SIZE_BYTES, usedBytes: 0, socketPath: join(folder, 'tap.sock'),
  }
  let daemon: ChildProcess
  let guest: NbdClient
  const start = async () => {
    daemon = spawn(join(programs, 'qemu-storage-daemon'), [
      '--chardev', `socket,id=qmp,path=${qmpSocket},server=on,wait=off`, '--monitor', 'chardev=qmp',
      '--blockdev', `driver=file,filename=${path},node-name=file0,discard=unmap`, '--blockdev', `driver=${format},file=file0,node-name=disk0,discard=unmap`,
      '--nbd-server', `addr.type=unix,addr.path=${exportSocketPath}`, '--export', 'type=nbd,id=guest,node-name=disk0,writable=on,name=guest',
    ], { stdio: ['ignore', 'ignore', 'inherit'] })
    guest = await connectNbd({ socketPath: exportSocketPath, exportName: 'guest', reconnect: { forSeconds: 10 } })
  }
  const stop = async () => {
    await guest.close()
    if (daemon.exitCode === null && daemon.signalCode === null) {
      const ended = once(daemon, 'exit')
      daemon.kill()
      await ended
    }
    for (const socket of [qmpSocket, exportSocketPath]) await rm(socket, { force: true })
  }
  await start()
  return {
    disk,
    get crashed() {
      return daemon.signalCode !== null || daemon.exitCode !== null
    },
    link,
    guest: () => guest,
    stop,
    restart: async () => {
      await stop()
      await start()
    },
    close: async () => {
      link.close()
      await stop()
    },
  }
}

/** An agent's tap in a process of its own, to be killed. Resolves when it is attached and has begun the epoch. */
export async function startChild(kind: string, disk: LiveDisk, qmpSocket: string, epoch: string, awayMs?: number): Promise<ChildProcess> {
  const { vm, ...plain } = disk
  const argument = JSON.stringify({ kind, epoch, awayMs, qmpSocket, disk: { ...plain, ref: vm.ref, exportSocketPath: vm.exportSocketPath } })
  const child = spawn(process.execPath, [join(import.meta.dirname, 'tap-child.ts'), argument], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout })) if (line === 'READY') return child
  throw new Error('The child did not come up.')
}

/** SIGKILL, and no sooner back than the process is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

