/** For the taps' tests: a VM whose device writes when told to. It runs no guest; QEMU's own `qemu-io` asks its device. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import type { BlockDevice } from '@driftless/nbd'
import { qemuForTests } from '@driftless/tests/support/qemu.ts'
import { SIZE_BYTES } from '../../../tap/testing/guest-load.ts'
import type { LiveDisk } from '../qemu-disk.ts'
import { QmpLink } from '../qmp-link.ts'

const DEVICE = 'vd0'
const SOCKET_POLL_MS = 20

export interface TestVm {
  readonly disk: LiveDisk & { readonly rawPath: string }
  readonly link: QmpLink
  /** Writes as the guest's device does; resolves when QEMU has told that device that it is done. */
  readonly guest: Pick<BlockDevice, 'write' | 'writeZeroes'>
  close(): Promise<void>
}

/** Starts a VM, its processor stopped, with one raw disk. */
export async function startVm(folder: string): Promise<TestVm> {
  const { programs } = await qemuForTests()
  const rawPath = join(folder, 'disk.raw')
  await writeFile(rawPath, '')
  await truncate(rawPath, SIZE_BYTES)
  const qmpSocket = join(folder, 'qmp.sock')
  const monitorSocket = join(folder, 'mon.sock')
  const socket = (path: string) => `unix:${path},server=on,wait=off`
  const qemu = spawn(join(programs, 'qemu-system-x86_64'), [
    '-machine', 'microvm,acpi=off', '-accel', 'tcg', '-S', '-nodefaults', '-display', 'none', '-m', '16', '-qmp', socket(qmpSocket), '-qmp', socket(monitorSocket),
    '-blockdev', `driver=file,filename=${rawPath},node-name=file0,discard=unmap`, '-blockdev', 'driver=raw,file=file0,node-name=disk0,discard=unmap',
    '-device', `virtio-blk-device,drive=disk0,id=${DEVICE}`,
  ], { stdio: ['ignore', 'pipe', 'inherit'] })
  const link = new QmpLink(qmpSocket)
  const monitor = new QmpLink(monitorSocket)
  const guest = new DeviceWriter(monitor)
  createInterface({ input: qemu.stdout }).on('line', (line) => guest.said(line))
  while ((await monitor.connect().catch(() => null)) === null) await wait(SOCKET_POLL_MS)
  return {
    link,
    guest,
    disk: { vm: { ref: 'vm-1', link, exportSocketPath: join(folder, 'export.sock') }, key: 'disk-0', rawPath, node: 'disk0', device: DEVICE, sizeBytes: SIZE_BYTES, usedBytes: 0, socketPath: join(folder, 'tap.sock') },
    close: async () => {
      link.close()
      monitor.close()
      if (qemu.exitCode === null && qemu.signalCode === null) {
        const ended = once(qemu, 'exit')
        qemu.kill('SIGKILL')
        await ended
      }
      for (const path of [qmpSocket, monitorSocket]) await rm(path, { force: true })
    },
  }
}

/** Asks `qemu-io` on the device, whose words about what it did come out of QEMU's standard output. */
class DeviceWriter {
  readonly #monitor: QmpLink
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>()

  constructor(monitor: QmpLink) {
    this.#monitor = monitor
  }

  /** All bytes of `data` are the same. */
  write(offset: number, data: Buffer): Promise<void> {
    return this.#ask(`aio_write -P ${data[0] ?? 0} ${offset} ${data.length}`, offset, data.length)
  }

  writeZeroes(offset: number, length: number): Promise<void> {
    return this.#ask(`aio_write -z ${offset} ${length}`, offset, length)
  }

  said(line: string): void {
    const written = /^wrote (\d+)\/\d+ bytes at offset (\d+)/.exec(line)
    if (written !== null) this.#waiting.get(`${written[2]}+${written[1]}`)?.resolve()
    // It does not say which.
    else if (line.includes('failed')) for (const { reject } of this.#waiting.values()) reject(new Error(line))
  }

  async #ask(command: string, offset: number, length: number): Promise<void> {
    const key = `${offset}+${length}`
    const done = Promise.withResolvers<void>()
    this.#waiting.set(key, done)
    try {
      const monitor = await this.#monitor.connect()
      const said = await monitor.execute('human-monitor-command', { 'command-line': `qemu-io -d ${DEVICE} "${command}"` }, z.string())
      if (said !== '') throw new Error(said)
      await done.promise
    } finally {
      this.#waiting.delete(key)
    }
  }
}
