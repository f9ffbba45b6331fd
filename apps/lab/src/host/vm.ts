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
  /** What its guest process is: OFF means there is none. */
  readonly power: LabVm['power']
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
  /** We stopped it ourselves, without asking it: its end is no surprise. */
  let killed = false

  function listen(child: ChildProcess): void {
    child.on('message', (raw) => {
      const message = fromGuest.parse(raw)
      if (message.type === 'health') {
        health = message.health
        healthDetail = message.detail
        if (message.sequenceAtBoot !== null) sequenceAtBoot = message.sequenceAtBoot
      } else {
        stored.acknowledgedSequence = message.sequence
        stored.firstWriteAtMs ??= message.atMs
        stored.lastWriteAtMs = message.atMs
      }
    })
  }

  const runtime: VmRuntime = {
    stored,
    get power() {
      return power
    },
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
      stored.firstWriteAtMs = null
      killed = false
      const child = spawn(process.execPath, [GUEST], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
      guest = child
      gone = new Promise((resolve) => {
        child.on('error', () => undefined)
        child.on('exit', (code, signal) => {
          guest = null
          if (!killed && !(power === 'STOPPING' && code === 0)) {
            health = 'BROKEN'
            healthDetail = `The guest process ended unexpectedly (${signal === null ? `exit code ${code}` : `signal ${signal}`}). Power the VM on again; if it ends again, read the lab host's log.`
          }
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
      killed = true
      guest?.kill('SIGKILL')
      await gone
    },
    async describe() {
      const disks = await Promise.all(stored.disks.map(async (disk) => ({ ...disk, usedBytes: await allocatedBytes(disk.path).catch(() => 0) })))
      const { ref, name, guestOs, cpus, memoryBytes, network, isolated, acknowledgedSequence, firstWriteAtMs, lastWriteAtMs } = stored
      return { ref, name, guestOs, cpus, memoryBytes, network, isolated, power, health, healthDetail, acknowledgedSequence, sequenceAtBoot, firstWriteAtMs, lastWriteAtMs, disks }
    },
  }
  return runtime
}

function send(child: ChildProcess, message: ToGuest): void {
  if (child.connected) child.send(message)
}
