/**
 * A program of its own, one an agent: takes a dead agent out of its guests' paths. The agent tells it, line by line, which
 * disks it stands before; when the agent is gone (its end of the pipe is closed) and does not come back in time, this
 * serves each disk itself, so that what the guest waits for is answered, and puts the guest's device back on its disk.
 *
 * A machine protocol socket has one client at a time: whoever holds it decides. An agent that comes back meanwhile waits for
 * it, and then finds itself out of the path. Writes that pass here are logged nowhere, so the log goes first: the next agent
 * knows that it does not know.
 */
import { open, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { openFileDevice, serveNbd } from '@driftless/nbd'
import { bypassPath, driveOf, isHalted } from './in-path-tap-drive.ts'
import { guardMessage } from './in-path-tap-guard.ts'
import type { Guarded } from './in-path-tap-guard.ts'
import { connectQmp } from './qmp.ts'
import type { Qmp } from './qmp.ts'

const POLL_MS = 100

/** QEMU looks for its server again after 1, 2, 4, 8, then every 16 s. One that does not come has nothing to ask. */
const RECONNECT_LIMIT_MS = 20_000

const guards = new Map<string, Guarded>()

for await (const line of createInterface({ input: process.stdin })) {
  const message = guardMessage.parse(JSON.parse(line))
  if ('guard' in message) guards.set(message.guard.socketPath, message.guard)
  else guards.delete(message.release)
}
await Promise.allSettled([...guards.values()].map(standIn))

async function standIn(path: Guarded): Promise<void> {
  const until = performance.now() + path.awayMs
  while (performance.now() < until) {
    if (await isServed(path.socketPath)) return
    await wait(POLL_MS)
  }
  const qmp = await connectQmp(path.qmpSocket) // rejects where there is no QEMU any more, or an agent holds it
  try {
    if ((await driveOf(qmp, path.device)) === path.pathNode) await bypass(qmp, path)
  } finally {
    qmp.close()
  }
}

async function bypass(qmp: Qmp, path: Guarded): Promise<void> {
  await forgetLog(path.intentsPath)
  const device = await openFileDevice(path.rawPath)
  const server = await serveNbd({ socketPath: path.socketPath, exportName: path.exportName, device })
  try {
    const halted = await isHalted(qmp)
    // A device can leave a node only when what it asked there is answered.
    const until = performance.now() + RECONNECT_LIMIT_MS
    while (!halted && server.connections() === 0 && performance.now() < until) await wait(POLL_MS)
    await bypassPath(qmp, path)
    if (halted) await qmp.execute('cont')
  } finally {
    await server.close()
    await device.close()
  }
}

async function forgetLog(path: string): Promise<void> {
  await rm(path, { force: true })
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function isServed(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(socketPath)
    socket.on('error', () => resolve(false))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
