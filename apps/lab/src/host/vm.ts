import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { allocatedBytes } from '@driftless/nbd'
import type { LabVm } from '@driftless/lab-api'
import { fromGuest } from '../guest/messages.ts'
import type { ToGuest } from '../guest/messages.ts'
import type { StoredVm } from './state.ts'

const GUEST = fileURLToPath(new URL('../guest/main.ts', import.meta.url))

export type VmRuntime = {
  readonly stored: StoredVm
  on(): void
  shutdown(): void
  off(): Promise<void>
  describe(): Promise<LabVm>
}

/** One VM of a host: what is remembered of it, and its guest process while it runs. `changed` is told of what must be kept. */
export function vmRuntime(stored: StoredVm, changed: () => void): VmRuntime {
  let guest: ChildProcess | null = null
  /** Powered on again while it was still stopping: a rollback must not be lost to the race. */
  let againWhenOff = false
  let gone: Promise<void> = Promise.resolve()
  let power: LabVm['power'] = 'OFF'
  let health: LabVm['health'] = 'UNKNOWN'
  let healthDetail: string | null = null
  let sequenceAtBoot: number | null = null
  let firstWriteAtMs: number | null = null
  let lastWriteAtMs: number | null = null

  function listen(child: ChildProcess): void {
    child.on('message', (raw) => {
      const message = fromGuest.parse(raw)
      if (message.type === 'health') {
        health = message.health
        healthDetail = message.detail
        if (message.sequenceAtBoot !== null) sequenceAtBoot = message.sequenceAtBoot
      } else {
        stored.acknowledgedSequence = message.sequence
        firstWriteAtMs ??= message.atMs
        lastWriteAtMs = message.atMs
      }
    })
  }

  const runtime: VmRuntime = {
    stored,
    on() {
      stored.wantedOn = true
      changed()
      if (guest) {
        againWhenOff = power === 'STOPPING'
        return
      }
      power = 'ON'
      health = 'UNKNOWN'
      healthDetail = null
      sequenceAtBoot = null
      firstWriteAtMs = null
      const child = spawn(process.execPath, [GUEST], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
      guest = child
      gone = new Promise((resolve) => {
        child.on('error', () => undefined)
        child.on('exit', () => {
          guest = null
          power = 'OFF'
          changed()
          resolve()
          if (!againWhenOff) return
          againWhenOff = false
          runtime.on()
        })
      })
      listen(child)
      const { name, workload, acknowledgedSequence, disks } = stored
      send(child, { type: 'start', name, workload, acknowledgedSequence, disks })
    },
    shutdown() {
      againWhenOff = false
      stored.wantedOn = false
      changed()
      if (!guest) return
      power = 'STOPPING'
      send(guest, { type: 'shutdown' })
    },
    async off() {
      againWhenOff = false
      stored.wantedOn = false
      changed()
      guest?.kill('SIGKILL')
      await gone
    },
    async describe() {
      const disks = await Promise.all(stored.disks.map(async (disk) => ({ ...disk, usedBytes: await allocatedBytes(disk.path).catch(() => 0) })))
      const { ref, name, guestOs, cpus, memoryBytes, network, acknowledgedSequence } = stored
      return { ref, name, guestOs, cpus, memoryBytes, network, power, health, healthDetail, acknowledgedSequence, sequenceAtBoot, firstWriteAtMs, lastWriteAtMs, disks }
    },
  }
  return runtime
}

function send(child: ChildProcess, message: ToGuest): void {
  if (child.connected) child.send(message)
}
