import { expect, test } from 'vitest'
import { qemuArguments } from './command-line.ts'
import { diskNames, hostRecord, vmPaths, vmRecord } from './vm-record.ts'
import type { VmRecord } from './vm-record.ts'

const host = hostRecord.parse({ networks: { lan: 'bridge,br=br0' }, accelerators: ['tcg'] })
const vm = (changes: Partial<VmRecord> = {}): VmRecord => ({
  ...vmRecord.parse({
    ref: 'vm-1', name: 'A VM', guestOs: 'Linux', cpus: 2, memoryBytes: 512 * 1024 * 1024, boot: { kind: 'FIRMWARE', path: null },
    disks: [{ key: 'disk-0', ...diskNames('disk-0'), location: { kind: 'FILE', path: '/vms/a,b.qcow2', format: 'qcow2' } }],
  }),
  ...changes,
})
const line = (record: VmRecord, known = 0) => qemuArguments(record, vmPaths('/vms/vm-1'), host, known)
/** What follows each `-option`. */
const valuesOf = (args: string[], option: string) => args.flatMap((value, at) => (args[at - 1] === option ? [value] : []))

test('a disk is a file below its format, both with names that taps find, whatever its path', () => {
  const args = line(vm())
  expect(valuesOf(args, '-blockdev').map((text): unknown => JSON.parse(text))).toEqual([
    { driver: 'file', 'node-name': 'disk-0-file', filename: '/vms/a,b.qcow2', discard: 'unmap' },
    { driver: 'qcow2', 'node-name': 'disk-0', file: 'disk-0-file', discard: 'unmap' },
  ])
  expect(valuesOf(args, '-device')).toContain('virtio-blk-pci,id=dev-disk-0,drive=disk-0,serial=disk-0,werror=stop,rerror=stop')
  expect(valuesOf(args, '-action')).toEqual(['shutdown=pause', 'panic=pause'])
})

test('a shadow disk rides over the agent that serves it', () => {
  const args = line(vm({ disks: [{ key: 'disk-0', ...diskNames('disk-0'), location: { kind: 'NBD', socketPath: '/run/d.sock', exportName: 'disk-0', sizeBytes: 1 } }] }))
  expect(valuesOf(args, '-blockdev').map((text): unknown => JSON.parse(text))).toMatchObject([{ driver: 'nbd', 'node-name': 'disk-0', export: 'disk-0', server: { type: 'unix', path: '/run/d.sock' }, 'reconnect-delay': 600 }])
})

test('a directly started kernel is told the most that was ever acknowledged', () => {
  const boot = { kind: 'KERNEL' as const, kernel: '/k', initrd: '/i', commandLine: 'quiet' }
  expect(valuesOf(line(vm({ boot, acknowledgedSequence: 5 }), 9), '-append')).toEqual(['quiet dl.ack=9'])
  expect(valuesOf(line(vm({ boot, acknowledgedSequence: 12 }), 9), '-append')).toEqual(['quiet dl.ack=12'])
})

test('a card is plugged into its network, into none where the VM is isolated, and never into one that the host does not know', () => {
  const card = (network: string | null) => line(vm({ nics: [{ network, mac: '52:54:00:00:00:01' }] }))
  expect(valuesOf(card('lan'), '-netdev')).toEqual(['bridge,br=br0,id=net-0'])
  expect(valuesOf(card('lan'), '-device')).toContain('virtio-net-pci,id=nic-0,mac=52:54:00:00:00:01,netdev=net-0')
  expect(valuesOf(card(null), '-netdev')).toEqual([])
  expect(valuesOf(card(null), '-device')).toContain('virtio-net-pci,id=nic-0,mac=52:54:00:00:00:01')
  expect(() => card('dmz')).toThrow(/does not know the network "dmz".*host.json/)
})
