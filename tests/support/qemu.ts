import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findQemu } from '@driftless/launch/testing/qemu.ts'
import type { Qemu } from '@driftless/launch/testing/qemu.ts'
import { runCommand } from '@driftless/launch/setup/command.ts'
import type { z } from 'zod'
import { runningQemu } from '../../apps/agent/src/hypervisors/qemu/process.ts'
import { diskNames, vmPaths, vmRecord } from '../../apps/agent/src/hypervisors/qemu/vm-record.ts'
import { makeInitramfs } from '../data-plane/guest/initramfs.ts'
import { testEnv } from './env.ts'

const MIB = 1024 * 1024

/** The ledger at the beginning of the guest's first disk: so many records of 4 KiB. */
const LEDGER_SLOTS = 512
export const LEDGER_BYTES = LEDGER_SLOTS * 4096

/** The set-up has looked for a QEMU in vain: tests on virtual machines are skipped. */
export const withoutQemu = testEnv().TEST_QEMU_MISSING !== undefined

/** QEMU and the guest's parts, fetched if need be. Throws with what to do where they cannot be had. */
export async function qemuForTests(): Promise<Qemu> {
  const found = await findQemu(testEnv().PATH, (line) => console.log(line))
  if ('missing' in found) throw new Error(`The data plane is tested on QEMU's virtual machines, and ${found.missing}.`)
  return found
}

export interface QemuTestHost {
  readonly directory: string
  readonly qemu: Qemu
  readonly program: string
  /** Writes a VM's record and makes its disks; the VM is off. Resolves to the paths of its disks, in order. */
  makeVm(vm: QemuTestVm): Promise<string[]>
  /** Ends whatever QEMU still runs there. */
  close(): Promise<void>
}

export interface QemuTestVm {
  readonly ref: string
  /** `filledBytes`: so much of it, behind the ledger's place, holds random data. */
  readonly disks: readonly { sizeBytes: number; format: 'raw' | 'qcow2'; filledBytes?: number }[]
  /** Ledger records a second that the guest attempts. */
  readonly records?: number
  /** Random writes of 4 KiB a second outside of the ledger, on each disk, within one MiB of it: guests have a working set. */
  readonly random?: number
  /** False: nobody outside hears of its ledger. */
  readonly reports?: boolean
}

/** A host of QEMU VMs in a new folder below `parent`. The path is kept short: sockets are in it. */
export async function qemuTestHost(parent: string, name: string): Promise<QemuTestHost> {
  const qemu = await qemuForTests()
  const directory = join(parent, name)
  const images = join(parent, `${name}-images`)
  await mkdir(directory, { recursive: true })
  await mkdir(images, { recursive: true })
  const guard = endWithUs(directory)
  const initrd = join(images, 'initrd.gz')
  await writeFile(initrd, await makeInitramfs(qemu.guest))
  // KVM may be there and not work in a container; without it the guest is slow, and the same everywhere.
  await writeFile(join(directory, 'host.json'), JSON.stringify({ accelerators: ['tcg'] }))

  async function makeDisk(path: string, { sizeBytes, format, filledBytes = 0 }: QemuTestVm['disks'][number]): Promise<void> {
    const raw = format === 'raw' ? path : `${path}.raw`
    const file = await open(raw, 'wx')
    await file.truncate(sizeBytes)
    await file.write(randomBytes(filledBytes), 0, filledBytes, LEDGER_BYTES)
    await file.close()
    if (format === 'raw') return
    const { code, output } = await runCommand(join(qemu.programs, 'qemu-img'), ['convert', '-q', '-f', 'raw', '-O', format, raw, path])
    if (code !== 0) throw new Error(`qemu-img convert: ${output}`)
    await rm(raw)
  }

  return {
    directory,
    qemu,
    program: join(qemu.programs, 'qemu-system-x86_64'),
    async makeVm({ ref, disks, records = 25, random = 0, reports = true }) {
      const paths: string[] = []
      for (const [at, disk] of disks.entries()) {
        const path = join(images, `${ref}-${at}.${disk.format}`)
        await makeDisk(path, disk)
        paths.push(path)
      }
      const record: z.input<typeof vmRecord> = {
        ref, name: ref, guestOs: 'Linux (test guest)', cpus: 1, memoryBytes: 128 * MIB, guestAgent: true, reports,
        boot: { kind: 'KERNEL', kernel: qemu.guest.kernel, initrd, commandLine: `console=ttyS0 quiet mitigations=off cryptomgr.notests dl.slots=${LEDGER_SLOTS} dl.records=${records} dl.random=${random}` },
        disks: disks.map(({ format }, at) => ({ key: `disk-${at}`, ...diskNames(`disk-${at}`), location: { kind: 'FILE', path: paths[at] ?? '', format } })),
      }
      const { folder, record: file } = vmPaths(join(directory, ref))
      await mkdir(folder, { recursive: true })
      await writeFile(file, JSON.stringify(vmRecord.parse(record)))
      return paths
    },
    async close() {
      await endAll(directory)
      guard.kill()
    },
  }
}

/** QEMU detaches itself, so that VMs outlive agents; they must not outlive a test that is itself killed. */
const GUARD = 'cat >/dev/null; for file in "$1"/*/pid "$1"/*/*.pid; do pid=$(cat "$file") && grep -qaF "$file" "/proc/$pid/cmdline" && kill -9 "$pid"; done'

/** Ends the QEMUs of a host when this process is gone, however it went. */
function endWithUs(directory: string): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', GUARD, 'qemu-guard', directory], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  guard.unref()
  return guard
}

/** Kills every QEMU of a host, of VMs and of images; those that ended by themselves are passed over. */
async function endAll(directory: string): Promise<void> {
  for (const ref of await readdir(directory)) {
    const folder = join(directory, ref)
    const pidFiles = await readdir(folder).then((names) => names.filter((name) => name === 'pid' || name.endsWith('.pid')), () => [])
    for (const name of pidFiles) {
      const pid = await runningQemu(join(folder, name))
      if (pid !== null) process.kill(pid, 'SIGKILL')
    }
  }
}
