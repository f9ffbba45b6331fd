/**
 * What happens to vCenters, and to VMs on them, while one migrates: none of it loses a write, and each is said. One pair of
 * agents goes through all of it, and the VM is cut over at the end, identical.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ask, readServerCertificate, reference, retrieve, waitForTask } from '@driftless/vim25'
import type { Ref, Vim, VimArguments } from '@driftless/vim25'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startAgents } from '../data-plane/pair.ts'
import type { Agents } from '../data-plane/pair.ts'
import { openVsphereSite } from '../data-plane/vsphere-site.ts'
import type { VsphereSite } from '../data-plane/vsphere-site.ts'
import { withoutVcsim } from '../support/vcsim.ts'
import { connectAgent, logIn } from '../support/vsphere.ts'

const MIB = 1024 * 1024
/** The first copy takes minutes then, so that it is seen under way; it is let go once it was. */
const SLOW_BYTES_PER_SECOND = MIB / 8
/** Longer than a call waits to be tried again, shorter than anybody waits for a vCenter. */
const RESTART_MS = 3_000

describe.skipIf(withoutVcsim)('while a VM migrates between two vCenters', () => {
  let folder = ''
  let site: VsphereSite
  let agents: Agents
  let administrator: Vim
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dl-i-'))
    site = await openVsphereSite('datastore', folder)
    administrator = await logIn(site.source)
    await task(await vm(), 'PowerOnVM_Task')
    agents = await startAgents(site, folder)
  })
  afterAll(async () => {
    await administrator?.close()
    await agents?.close()
    await site?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const task = async (ref: Ref, method: string, args: VimArguments = {}) => waitForTask(administrator, await ask(administrator, ref, method, args, reference))
  const vm = async (): Promise<Ref> => {
    const found = (await retrieve(administrator, { type: 'VirtualMachine', properties: ['name'] })).find(({ properties }) => properties['name'] === site.expected.name)
    if (found === undefined) throw new Error('The VM is gone.')
    return found.ref
  }
  const said = () => agents.source()
  const notices = () => (said()?.notices ?? []).map(({ code }) => code)
  const inStep = () => said()?.disks.every(({ status, backgroundDoneBytes }) => status === 'CONTINUOUS' && backgroundDoneBytes > 0) === true
  /** The disks are in step with a moment of later than the call, and the guest has not noticed anything. */
  const inStepAnew = async (what: string) => {
    const sinceMs = Date.now()
    await agents.until(`in step again after ${what}`, () => inStep() && said()?.problem === null && said()?.guest.health !== 'CHECKING' && said()?.disks.every(({ behindSinceMs }) => (behindSinceMs ?? 0) > sinceMs) === true)
    expect(said()?.guest).toMatchObject({ power: 'ON', health: 'HEALTHY' })
  }

  test('its session is ended in mid-copy: the agent logs in once more, and the copy goes on where it was', async () => {
    agents.drive({ stage: 'REPLICATE', vmRateBytesPerSecond: SLOW_BYTES_PER_SECOND })
    await agents.until('the first copy is under way', () => (said()?.disks[0]?.backgroundDoneBytes ?? 0) > 0)
    const copied = said()?.disks[0]?.backgroundDoneBytes ?? 0
    await site.source.control({ do: 'endSessions' })
    await agents.until('the copy goes on', () => (said()?.disks[0]?.backgroundDoneBytes ?? 0) > copied)
    agents.drive({ vmRateBytesPerSecond: null })
    await inStepAnew('a session that was ended')
  })

  test('its change ids are lost: its disks are compared whole, nothing counts as unchanged', async () => {
    await site.source.control({ do: 'forgetChangeIds', vm: site.expected.name })
    await agents.until('it is said', () => notices().includes('TRACKING_LOST'))
    await inStepAnew('lost change ids')
  })

  test('changed block tracking leaves a change out: a sample of what it calls unchanged finds that, and all is compared', async () => {
    for (const [disk, { sizeBytes }] of site.expected.disks.entries()) await site.source.control({ do: 'writeUntracked', vm: site.expected.name, disk, offset: sizeBytes / 2, length: sizeBytes / 2, byte: 7 })
    await agents.until('it is said', () => notices().includes('TRACKING_WRONG'))
    await inStepAnew('a lie of changed block tracking')
  })

  test('a fault that nobody has heard of: the round is tried again, and said only when that does not help', async () => {
    await site.source.control({ do: 'failNext', method: 'CreateSnapshot_Task', fault: 'FaultOfTheFuture', message: 'something new', times: 3 })
    await agents.until('it is said', () => said()?.problem?.code === 'NO_NEW_MOMENT')
    expect(said()?.problem?.message).toContain('something new')
    await inStepAnew('an unknown fault')
  })

  test('another product takes a snapshot: no round until it is gone, and its name is said', async () => {
    const foreign = reference.parse(await task(await vm(), 'CreateSnapshot_Task', { name: 'Backup of tonight', memory: false, quiesce: false }))
    await agents.until('it is said', () => said()?.problem?.message.includes('Backup of tonight') === true)
    await task(foreign, 'RemoveSnapshot_Task', { removeChildren: false, consolidate: true })
    await inStepAnew('a snapshot of somebody else')
  })

  test('it is moved to another host: that is said, and nothing else happens', async () => {
    await site.source.control({ do: 'migrate', vm: site.expected.name })
    await agents.until('it is said', () => notices().includes('VM_MOVED'))
    await inStepAnew('vMotion')
  })

  test('vCenter is started anew: all goes on as soon as it answers', async () => {
    await site.source.control({ do: 'restart', downMs: RESTART_MS })
    await inStepAnew('a restart of vCenter')
  })

  test('its certificate is another: nothing is accepted until a person has confirmed it', async () => {
    const { fingerprint: confirmed } = await readServerCertificate(site.source.address)
    await site.source.control({ do: 'rotateCertificate' })
    const { fingerprint: shown } = await readServerCertificate(site.source.address)
    expect(shown).not.toBe(confirmed)
    await agents.until('it is said', () => agents.sourceHypervisor()?.problem?.code === 'VCENTER_WRONG_CERTIFICATE')
    const { message } = agents.sourceHypervisor()?.problem ?? { message: '' }
    expect(message).toContain(confirmed)
    expect(message).toContain(shown)
    await agents.killSource()
    await connectAgent(site.source, site.agentFolder('source'), 'datastore')
    await agents.restartSource()
    await inStepAnew('a certificate that was confirmed anew')
    await administrator.close()
    administrator = await logIn(site.source)
  })

  /** Both sides have proof, and it is true. */
  const cutOver = async (attempt: number) => {
    agents.drive({ stage: 'FINAL', attempt })
    await agents.until('the source has hashed its disks', () => said()?.attempt === attempt && said()?.hashes != null)
    expect(said()).toMatchObject({ guest: { power: 'OFF', health: 'HEALTHY' }, problem: null })
    agents.drive({}, { stage: 'VERIFY' })
    await agents.until('the target has hashed its replica', () => agents.target()?.attempt === attempt && agents.target()?.hashes != null)
    expect(agents.target()?.hashes).toEqual(said()?.hashes)
    for (const { key } of site.expected.disks) expect(await site.difference(key)).toBeNull()
  }

  test('its cutover is identical, byte for byte; undone after the shadow VM has written, the source runs on with all it had', async () => {
    await cutOver(1)
    const acknowledgedSequence = said()?.guest.acknowledgedSequence ?? Infinity
    agents.drive({}, { stage: 'BOOT', acknowledgedSequence })
    await agents.until('the shadow VM writes', () => agents.target()?.shadow?.firstWriteAtMs != null)
    expect(agents.target()?.shadow).toMatchObject({ power: 'ON', health: 'HEALTHY', sequenceAtBoot: acknowledgedSequence })
    agents.drive({}, { stage: 'KEEP' })
    await agents.until('the shadow VM is gone', () => agents.target()?.stage === 'KEEP' && agents.target()?.shadow === null)
    agents.drive({ stage: 'RETURN' })
    await inStepAnew('a cutover that was undone')
    expect(said()?.guest.sequenceAtBoot).toBe(acknowledgedSequence)
  })

  test('and the next attempt is identical again', () => cutOver(2))
})
