import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readServerCertificate } from '@driftless/vim25'
import type { BlockDevice } from '@driftless/nbd'
import { VCSIM_LOGIN, VCSIM_TIMEOUT_MS, startVcsim, withoutVcsim } from '../../../../../../tests/support/vcsim.ts'
import type { RunningVcsim } from '../../../../../../tests/support/vcsim.ts'
import { BLOCK_BYTES } from '../../../block/map.ts'
import { TokenBucket } from '../../../block/token-bucket.ts'
import type { DiskTap } from '../../../tap/disk-tap.ts'
import { vsphereHypervisor } from '../vsphere-hypervisor.ts'
import type { VsphereHypervisor } from '../vsphere-hypervisor.ts'

const MIB = 1024 * 1024
const VM = 'web-1'
const SIZE_MIB = 8

const hashOf = (data: Buffer): string => createHash('sha256').update(data).digest('hex')

async function contentOf(device: BlockDevice): Promise<Buffer> {
  const content = Buffer.alloc(device.sizeBytes)
  await device.read(0, content)
  return content
}

describe.skipIf(withoutVcsim)('changed blocks of a simulated vCenter', () => {
  let vcsim: RunningVcsim
  let folder = ''
  let fingerprint = ''
  const hypervisors: VsphereHypervisor[] = []
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dl-cb-'))
    vcsim = await startVcsim({ vms: 0, scenario: { vms: [{ name: VM, power: 'on', tools: true, disks: [{ sizeMiB: SIZE_MIB, filledMiB: 2 }] }] } })
    fingerprint = (await readServerCertificate(vcsim.address)).fingerprint
  }, VCSIM_TIMEOUT_MS)
  afterAll(async () => {
    for (const hypervisor of hypervisors) await hypervisor.close()
    await vcsim?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const open = () => {
    const hypervisor = vsphereHypervisor({
      connection: { address: vcsim.address, fingerprint, ...VCSIM_LOGIN, agentVm: null, datacenter: null, storages: {}, networks: {}, read: 'datastore', portalUrl: null, adminEmail: null },
      devicesDirectory: folder, leastRoundMs: 3_600_000, dataDirectory: folder, agentName: 'test',
    })
    hypervisors.push(hypervisor)
    return hypervisor
  }
  const attach = async (hypervisor: VsphereHypervisor): Promise<DiskTap> => {
    const [vm] = await hypervisor.listVms()
    const [disk] = vm?.disks ?? []
    if (disk === undefined) throw new Error('no disk')
    return disk.attach({ throttle: new TokenBucket(), statePath: join(folder, 'state') })
  }
  const write = (offset: number, length: number, byte: number) => vcsim.control({ do: 'write', vm: VM, disk: 0, offset, length, byte })

  test('a VM that runs is frozen, what it writes afterwards is told with the next moment, and its snapshot is gone with the tap', async () => {
    const hypervisor = open()
    const tap = await attach(hypervisor)
    const marked = new Set<number>()
    let lost = 0
    await tap.listen({ mark: (first, end) => { for (let block = first; block < end; block += 1) marked.add(block) }, lost: () => { lost += 1 } })
    const before = await contentOf(tap.device)
    expect(hashOf(before)).toBe((await vcsim.disk(VM, 0)).sha256)
    expect(await tap.device.extents?.(0, 8 * MIB)).toEqual([{ length: 2 * MIB, zero: false }, { length: 6 * MIB, zero: true }])

    await write(5 * MIB, 64 * 1024, 0x5a)
    expect(hashOf(await contentOf(tap.device))).toBe(hashOf(before)) // it stands still
    expect(await tap.refresh?.()).toBe(64 * 1024)
    const after = await contentOf(tap.device)
    expect(hashOf(after)).toBe((await vcsim.disk(VM, 0)).sha256)
    expect(Math.min(...marked)).toBe((5 * MIB) / BLOCK_BYTES)
    expect(marked.size).toBe(16)
    expect(lost).toBe(0)
    await tap.close()
    expect((await hypervisor.listVms())[0]?.blockers).toEqual([])
  })

  test('what is durable at the target is remembered over the agent’s life; what changed since is recalled', async () => {
    const first = open()
    const tap = await attach(first)
    await tap.history.begin('epoch-1')
    await write(6 * MIB, 4096, 1)
    await tap.refresh?.()
    await (await tap.history.seal())()
    await tap.close()
    await write(7 * MIB, 4096, 2)
    const second = open()
    const again = await attach(second)
    expect(await again.history.recall('epoch-1')).toEqual([{ first: (7 * MIB) / BLOCK_BYTES, end: (7 * MIB) / BLOCK_BYTES + 16 }])
    expect(await again.history.recall('epoch-2')).toBeNull()
    await again.close()
    await vcsim.control({ do: 'forgetChangeIds', vm: VM })
    const third = await attach(open())
    expect(await third.history.recall('epoch-1')).toBeNull()
    await third.close()
  })
})
