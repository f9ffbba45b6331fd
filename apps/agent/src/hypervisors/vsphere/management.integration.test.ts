/** What the agent looks after in a vCenter, on a simulated one: events, counters, IO filters, the portal's entry. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connectVim, readServerCertificate, retrieve, retrieveOne } from '@driftless/vim25'
import type { Ref, Vim } from '@driftless/vim25'
import { z } from 'zod'
import { VCSIM_LOGIN, VCSIM_TIMEOUT_MS, startVcsim, withoutVcsim } from '../../../../../tests/support/vcsim.ts'
import type { RunningVcsim } from '../../../../../tests/support/vcsim.ts'
import { diskInstances } from './watch/disk-instances.ts'
import { DiskPerformance } from './watch/disk-performance.ts'
import { ensureEntry, findEntry, removeEntry } from './connection/extension.ts'
import { attachByPolicy, detachPolicy } from './filters/filter-policy.ts'
import { FilterRefusal, asInstalled, installFilter, listFilters, resolveFilter, uninstallFilter, upgradeFilter } from './filters/io-filters.ts'
import { VmEvents } from './watch/vm-events.ts'

const CLUSTER = 'DC0_C0'
const MIB = 1024 * 1024
const disk = { sizeMiB: 8, filledMiB: 1 }
const agree = () => Promise.resolve()

describe.skipIf(withoutVcsim)('in a simulated vCenter', () => {
  let vcsim: RunningVcsim
  let vim: Vim
  beforeAll(async () => {
    const vm = (name: string, more: object = {}) => ({ name, power: 'on' as const, disks: [disk], ...more })
    vcsim = await startVcsim({ vms: 0, scenario: { vms: [vm('db-1', { tools: true, disks: [disk, disk], guest: { recordsPerSecond: 20, rewriteKiBPerSecond: 2048 } }), vm('web-1', { snapshot: true }), vm('app-1', { changeTracking: true })] } })
  }, VCSIM_TIMEOUT_MS)
  beforeEach(async () => {
    vim = await connectVim({ address: vcsim.address, fingerprint: (await readServerCertificate(vcsim.address)).fingerprint, ...VCSIM_LOGIN })
  })
  afterEach(() => vim.close())
  afterAll(() => vcsim.stop())

  const vcenter = () => ({ use: <T>(work: (vim: Vim) => Promise<T>) => work(vim) })
  const vmNamed = async (name: string): Promise<Ref> => {
    const found = (await retrieve(vim, { type: 'VirtualMachine', properties: ['name'] })).find(({ properties }) => properties.name === name)
    if (found === undefined) throw new Error(`There is no ${name}.`)
    return found.ref
  }
  const hardware = async (vm: Ref): Promise<unknown> => (await retrieveOne(vim, vm, ['config.hardware.device'])).properties['config.hardware.device']

  describe('events', () => {
    test('of a vMotion become a notice of the VM that moved, once, also when sessions are lost', async () => {
      const [db, web] = [await vmNamed('db-1'), await vmNamed('web-1')]
      const events = new VmEvents(vcenter())
      const both = new Set([db.value, web.value])
      await events.read(both)
      await vcsim.control({ do: 'migrate', vm: 'db-1' })
      await events.read(both)
      await vcsim.control({ do: 'endSessions' })
      await vcsim.control({ do: 'migrate', vm: 'db-1' })
      await events.read(both)
      await events.read(both)
      const moves = events.of(db.value).filter(({ code }) => code === 'VM_MOVED')
      expect(moves.map(({ message }) => message)).toEqual([expect.stringMatching(/^The VM moved from \S+ to \S+\. Replication goes on\.$/), expect.stringMatching(/^The VM moved/)])
      expect(events.of(web.value).filter(({ code }) => code === 'VM_MOVED')).toEqual([])
      await events.close()
    })
  })

  describe('counters', () => {
    test('tell what was written to which disk', async () => {
      const vm = await vmNamed('db-1')
      const instances = diskInstances(await hardware(vm))
      expect([...instances.keys()]).toEqual(['scsi0:0', 'scsi0:1'])
      const both = [...instances.values()]
      const measured = (performance: DiskPerformance) => performance.read([{ ref: vm, instances }])
      // Records go to the first disk, the rewriting to the other.
      await expect.poll(async () => (await measured(new DiskPerformance(vcenter()))).map(({ writtenBytes }) => writtenBytes > MIB), { timeout: 20_000 }).toEqual([false, true])
      const performance = new DiskPerformance(vcenter())
      expect(await measured(performance)).toEqual(both.map((deviceKey) => expect.objectContaining({ vm: vm.value, deviceKey, seconds: 20 })))
      // Nothing is told twice: the next sample is 20 seconds away.
      expect(await measured(performance)).toEqual([])
    })
  })

  describe('an IO filter', () => {
    const url = (version: string) => `${vcsim.address}/acme-${version}.zip`
    const classOf = (id: string) => (id.includes('acme') ? 'replication' : null)
    const filtersOf = async (vm: Ref) => z.array(z.looseObject({ $type: z.string(), iofilter: z.array(z.string()).default([]) })).parse(await hardware(vm)).filter(({ $type }) => $type === 'VirtualDisk').map(({ iofilter }) => iofilter)

    test('lives from its installation to its removal', async () => {
      const db = await vmNamed('db-1')
      const [installed] = await installFilter(vim, CLUSTER, url('1.0'), agree)
      expect(installed).toMatchObject({ name: 'acme', version: '1.0', cluster: CLUSTER, state: 'INSTALLED', filterClass: 'replication', issues: [] })
      const id = installed?.id ?? ''
      expect((await listFilters(vim)).map(asInstalled)).toEqual([{ cluster: CLUSTER, name: 'acme', version: '1.0', state: 'INSTALLED' }])
      expect(await resolveFilter(vim, CLUSTER, id)).toHaveLength(1)

      await attachByPolicy(vim, db, `iofilter:${id}`, classOf)
      expect(await filtersOf(db)).toEqual([[id], [id]])
      await expect(attachByPolicy(vim, db, `iofilter:${id}`, classOf)).rejects.toThrow('a disk takes one of a class')
      await expect(uninstallFilter(vim, CLUSTER, id, agree)).rejects.toThrow('The filter is on 2 disks, of db-1. Detach it from them first.')

      const [upgraded] = await upgradeFilter(vim, CLUSTER, id, url('1.1'), agree)
      expect(upgraded).toMatchObject({ name: 'acme', version: '1.1', state: 'INSTALLED' })
      await detachPolicy(vim, db)
      expect(await filtersOf(db)).toEqual([[], []])
      expect(await uninstallFilter(vim, CLUSTER, upgraded?.id ?? '', agree)).toEqual([])
      expect(await listFilters(vim)).toEqual([])
    })

    test('does not go on a VM with snapshots, nor on one whose changed blocks are tracked', async () => {
      await expect(attachByPolicy(vim, await vmNamed('web-1'), 'iofilter:x', classOf)).rejects.toThrow(FilterRefusal)
      await expect(attachByPolicy(vim, await vmNamed('app-1'), 'iofilter:x', classOf)).rejects.toThrow('Changed block tracking is on for app-1')
    })

    test('is refused in words: no such cluster, no such filter, no such server, and what vCenter itself refuses', async () => {
      await expect(installFilter(vim, 'Blue', url('1.0'), agree)).rejects.toThrow(`There is no cluster "Blue". There are: "${CLUSTER}"`)
      await expect(uninstallFilter(vim, CLUSTER, 'nope', agree)).rejects.toThrow(`There is no filter "nope" on ${CLUSTER}. There is none at all.`)
      await expect(installFilter(vim, CLUSTER, 'https://127.0.0.1:1/acme-1.0.zip', agree)).rejects.toThrow('127.0.0.1:1 cannot be reached')
      await expect(installFilter(vim, CLUSTER, `${vcsim.address}/odd`, agree)).rejects.toMatchObject({ fault: 'InvalidArgument' })
    })

    test('is left alone by who does not agree', async () => {
      await expect(installFilter(vim, CLUSTER, url('2.0'), () => Promise.reject(new Error('no')))).rejects.toThrow('no')
      expect(await listFilters(vim)).toEqual([])
    })
  })

  test('the portal’s entry is made, corrected and removed', async () => {
    const entry = { url: vcsim.address, adminEmail: 'admin@alpine.example', version: '1.0.0' }
    expect(await ensureEntry(vim, entry)).toBe('REGISTERED')
    expect(await ensureEntry(vim, entry)).toBe('UNCHANGED')
    await vcsim.control({ do: 'rotateCertificate' })
    vim = await connectVim({ address: vcsim.address, fingerprint: (await readServerCertificate(vcsim.address)).fingerprint, ...VCSIM_LOGIN })
    expect(await ensureEntry(vim, entry)).toBe('UPDATED')
    expect(await findEntry(vim)).toEqual({ version: '1.0.0', url: entry.url })
    expect(await removeEntry(vim)).toBe(true)
  })
})
