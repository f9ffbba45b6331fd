import { findOnPath } from '@driftless/launch/setup/command.ts'
import { Refusal } from '@driftless/launch/setup/failure.ts'
import { isInOwnNetwork, searchPath, withOwnNetwork } from './env.ts'

/** Ethernet's. The loopback's own 65,536 makes TCP segments of 64 KiB, on which QEMU's client stalls behind a slow link: it would lose for no fault of its own. */
const MTU_BYTES = 1500

/**
 * Starts this program again, in place, in a network namespace of its own: nothing but a loopback with
 * Ethernet's packets. Returns when it is in it. Needs no root where the kernel lets users make namespaces.
 */
export function enterOwnNetwork(): void {
  if (isInOwnNetwork) return
  const unshare = findOnPath(['unshare'], searchPath)
  if (unshare === null || findOnPath(['ip'], searchPath) === null) throw new Refusal('This measurement needs a network namespace. On Debian: apt install util-linux iproute2')
  const inside = `ip link set lo mtu ${MTU_BYTES} up && exec "$@"`
  process.execve?.(unshare, ['unshare', '--map-root-user', '--net', '--', '/bin/sh', '-c', inside, 'sh', process.execPath, ...process.execArgv, ...process.argv.slice(1)], withOwnNetwork)
  throw new Refusal('This measurement needs a Node that can start itself again in place (process.execve): 24 or newer, on Linux.')
}
