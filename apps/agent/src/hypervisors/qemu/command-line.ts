import type { HostRecord, ImagePaths, QemuDisk, VmPaths, VmRecord } from './vm-record.ts'

/** Names of the ring buffers in QEMU that keep what the guest said last: bounded, and readable after the guest is off. */
export const REPORT_RING = 'report'
export const CONSOLE_RING = 'console'

/** A guest reports 100 to 200 bytes a few times a second: minutes of it. A power of two, as QEMU wants it. */
export const RING_BYTES = 64 * 1024

/** A shadow's disk is away as long as the target agent is: its restart, or a person's mending of it. */
const NBD_RECONNECT_SECONDS = 600

/** In QEMU's option lists a comma ends a value; doubled it does not. */
const escaped = (path: string): string => path.replaceAll(',', ',,')

/** The nodes of one disk, the one that the device uses last. Every node has a fixed name, so that taps find it. */
function blockNodes({ location, nodeName }: QemuDisk): Record<string, unknown>[] {
  // What the guest discards is given back by the host's file system.
  const discard = 'unmap'
  if (location.kind === 'NBD') {
    const server = { type: 'unix', path: location.socketPath }
    return [{ driver: 'nbd', 'node-name': nodeName, server, export: location.exportName, 'reconnect-delay': NBD_RECONNECT_SECONDS, discard }]
  }
  const file = `${nodeName}-file`
  return [
    { driver: 'file', 'node-name': file, filename: location.path, discard },
    { driver: location.format, 'node-name': nodeName, file, discard },
  ]
}

const bootOptions = ({ boot, acknowledgedSequence }: VmRecord, known: number): string[] => {
  if (boot.kind === 'FIRMWARE') return boot.path === null ? [] : ['-bios', boot.path]
  // The guest's own check at boot demands what was acknowledged to the outside.
  const commandLine = `${boot.commandLine} dl.ack=${Math.max(acknowledgedSequence, known)}`
  return ['-kernel', boot.kernel, ...(boot.initrd === null ? [] : ['-initrd', boot.initrd]), '-append', commandLine]
}

function nicOptions({ ref, nics }: VmRecord, { networks }: HostRecord): string[] {
  return nics.flatMap(({ network, mac }, at) => {
    const card = `virtio-net-pci,id=nic-${at},mac=${mac}`
    if (network === null) return ['-device', card]
    const backend = networks[network]
    if (backend === undefined) throw new Error(`This host does not know the network "${network}" of VM "${ref}". Name it in host.json of its directory.`)
    return ['-netdev', `${backend},id=net-${at}`, '-device', `${card},netdev=net-${at}`]
  })
}

/** Arguments of a QEMU without a machine, that only opens a disk's image. Its name and pid file tell whose it is. */
export function imageArguments(name: string, disk: QemuDisk, paths: ImagePaths): string[] {
  return [
    '-name', name, '-daemonize', '-pidfile', paths.pid, '-no-user-config', '-nodefaults', '-display', 'none', '-machine', 'none',
    '-chardev', `socket,id=qmp,path=${escaped(paths.qmp)},server=on,wait=off`, '-mon', 'chardev=qmp,mode=control',
    ...blockNodes(disk).flatMap((node) => ['-blockdev', JSON.stringify(node)]),
  ]
}

/**
 * QEMU's arguments for a VM. It detaches itself once it runs, so that it outlives the agent, and after the guest's
 * shutdown it stays, paused: its disks and their dirty bitmaps can still be reached. On an I/O error the VM is
 * paused and not told, so that storage which comes back has cost it nothing.
 * `known` is the highest record that the guest was seen to acknowledge. Throws when the host lacks what the VM needs.
 */
export function qemuArguments(record: VmRecord, paths: VmPaths, host: HostRecord, known: number): string[] {
  const machine = ['-machine', record.machine, ...host.accelerators.flatMap((accelerator) => ['-accel', accelerator]), '-cpu', 'max', '-smp', String(record.cpus), '-m', `size=${Math.ceil(record.memoryBytes / 1024)}k`]
  const control = [
    '-name', record.ref, '-daemonize', '-pidfile', paths.pid, '-no-user-config', '-nodefaults', '-display', 'none',
    '-action', 'shutdown=pause', '-action', 'panic=pause',
    ...['qmp', 'monitor'].flatMap((id) => ['-chardev', `socket,id=${id},path=${escaped(id === 'qmp' ? paths.qmp : paths.monitor)},server=on,wait=off`, '-mon', `chardev=${id},mode=control`]),
    '-chardev', `ringbuf,id=${CONSOLE_RING},size=${RING_BYTES}`, '-serial', `chardev:${CONSOLE_RING}`,
  ]
  const disks = record.disks.flatMap((disk) => [
    ...blockNodes(disk).flatMap((node) => ['-blockdev', JSON.stringify(node)]),
    '-device', `virtio-blk-pci,id=${disk.deviceId},drive=${disk.nodeName},serial=${disk.key},werror=stop,rerror=stop`,
  ])
  const ports = [
    ...(record.guestAgent ? ['-chardev', `socket,id=qga,path=${escaped(paths.guestAgent)},server=on,wait=off`, '-device', 'virtserialport,chardev=qga,name=org.qemu.guest_agent.0'] : []),
    ...(record.reports ? ['-chardev', `ringbuf,id=${REPORT_RING},size=${RING_BYTES}`, '-device', `virtserialport,chardev=${REPORT_RING},name=dl.report`] : []),
  ]
  return [...control, ...machine, ...bootOptions(record, known), ...disks, ...(ports.length > 0 ? ['-device', 'virtio-serial-pci', ...ports] : []), ...nicOptions(record, host)]
}
