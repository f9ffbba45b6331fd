import { describe, expect, test } from 'vitest'
import { answer, refXml, scriptedVim } from '@driftless/vim25/testing'
import { attachByPolicy, checkPolicyChange, detachPolicy } from './filter-policy.ts'
import type { PolicyFacts } from './filter-policy.ts'

const backing = { $type: 'VirtualDiskFlatVer2BackingInfo', fileName: '[ds] db/db.vmdk', diskMode: 'persistent' } as const
const disk = { $type: 'VirtualDisk', key: 2000, controllerKey: 1000, unitNumber: 0, capacityInKB: 1024n, deviceInfo: { label: 'Hard disk 1' }, backing, iofilter: [] as string[] } as const
const facts = (change: Partial<PolicyFacts> = {}): PolicyFacts => ({ name: 'db', snapshots: false, changeTracking: false, disks: [disk], ...change })
const classOf = (id: string) => (id === 'ACME_1' ? 'replication' : 'cache')

describe('a filter', () => {
  test.each<[string, Partial<PolicyFacts>, 'attach' | 'detach', string[]]>([
    ['is put on a VM in order', {}, 'attach', []],
    ['is taken off it', {}, 'detach', []],
    ['waits for snapshots to go', { snapshots: true }, 'attach', ['HAS_SNAPSHOTS']],
    ['waits for them also to leave', { snapshots: true }, 'detach', ['HAS_SNAPSHOTS']],
    ['and changed block tracking exclude each other', { changeTracking: true }, 'attach', ['CHANGE_TRACKING']],
    ['can leave all the same', { changeTracking: true }, 'detach', []],
    ['is one of its class on a disk', { disks: [{ ...disk, iofilter: ['ACME_1'] }] }, 'attach', ['SAME_CLASS']],
    ['goes on a disk with one of another class', { disks: [{ ...disk, iofilter: ['CACHE_1'] }] }, 'attach', []],
    ['does not go on a raw device', { disks: [{ ...disk, backing: { $type: 'VirtualDiskRawDiskMappingVer1BackingInfo' } }] }, 'attach', ['NOT_A_FILE']],
    ['does not go on a VM without disks', { disks: [] }, 'attach', ['NO_DISKS']],
  ])('%s', (_, change, what, codes) => {
    expect(checkPolicyChange(facts(change), what, classOf).map(({ code }) => code)).toEqual(codes)
  })
})

const DEVICES = `<VirtualDevice xsi:type="ParaVirtualSCSIController"><key>1000</key><busNumber>0</busNumber></VirtualDevice>${[0, 1].map((unit) => `<VirtualDevice xsi:type="VirtualDisk"><key>${2000 + unit}</key><backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[ds] db/db_${unit}.vmdk</fileName><diskMode>persistent</diskMode></backing><controllerKey>1000</controllerKey><unitNumber>${unit}</unitNumber><capacityInKB>1024</capacityInKB></VirtualDevice>`).join('')}`
const property = (name: string, type: string, value: string) => `<propSet><name>${name}</name><val xsi:type="${type}">${value}</val></propSet>`

function vcenter(more = '') {
  const vm = { type: 'VirtualMachine', value: 'vm-1' }
  const vim = scriptedVim((method, _times, { request }) => {
    if (method === 'ReconfigVM_Task') return answer(method, refXml('returnval', 'Task', 'task-1'))
    const read = request.includes('task-1') ? property('info', 'TaskInfo', `<key>task-1</key>${refXml('task', 'Task', 'task-1')}<descriptionId>VirtualMachine.reconfigure</descriptionId><state>success</state><cancelled>false</cancelled><cancelable>false</cancelable><reason xsi:type="TaskReasonUser"><userName>u</userName></reason><queueTime>2026-11-28T12:00:00Z</queueTime><eventChainId>1</eventChainId>`)
      : property('name', 'xsd:string', 'db') + property('config.changeTrackingEnabled', 'xsd:boolean', 'false') + property('config.hardware.device', 'ArrayOfVirtualDevice', DEVICES) + more
    return answer(method, `<returnval><objects>${request.includes('task-1') ? refXml('obj', 'Task', 'task-1') : refXml('obj', vm.type, vm.value)}${read}</objects></returnval>`)
  })
  return { vim, vm, reconfigured: () => vim.asked.filter(({ method }) => method === 'ReconfigVM_Task').map(({ request }) => request) }
}

test('a policy goes on a VM’s home and each of its disks, and changes nothing else of them', async () => {
  const { vim, vm, reconfigured } = vcenter()
  await attachByPolicy(vim, vm, 'policy-7', classOf)
  const [request = ''] = reconfigured()
  expect(request.match(/<profileId>policy-7<\/profileId>/g)).toHaveLength(3)
  expect(request).toMatch(/<deviceChange[^>]*><operation>edit<\/operation><device xsi:type="VirtualDisk"><key>2000<\/key><backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>\[ds\] db\/db_0\.vmdk<\/fileName><diskMode>persistent<\/diskMode><\/backing><controllerKey>1000<\/controllerKey><unitNumber>0<\/unitNumber><capacityInKB>1024<\/capacityInKB><\/device><profile xsi:type="VirtualMachineDefinedProfileSpec">/)
})

test('it leaves by an empty profile', async () => {
  const { vim, vm, reconfigured } = vcenter()
  await detachPolicy(vim, vm)
  expect(reconfigured()[0]?.match(/xsi:type="VirtualMachineEmptyProfileSpec"/g)).toHaveLength(3)
})

test('what is refused is not asked of vCenter', async () => {
  const { vim, vm, reconfigured } = vcenter(property('snapshot', 'VirtualMachineSnapshotInfo', ''))
  await expect(attachByPolicy(vim, vm, 'policy-7', classOf)).rejects.toThrow('db has snapshots')
  expect(reconfigured()).toEqual([])
})
