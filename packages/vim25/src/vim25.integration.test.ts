import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { VCSIM_LOGIN, VCSIM_TIMEOUT_MS, startVcsim, vcsimForTests, withoutVcsim } from '../../../tests/support/vcsim.ts'
import type { RunningVcsim } from '../../../tests/support/vcsim.ts'
import { parseGoTypes } from '../generate/go-types.ts'
import { METHOD_NAMES, TYPE_NAMES } from '../generate/subset.ts'
import { makeTable } from '../generate/table.ts'
import { ask, connectVim, readServerCertificate, reference, retrieve, retrieveOne, waitForTask, watch } from './index.ts'
import type { Ref, UpdateBatch, Vim } from './index.ts'

const VMS = 2_000
const POWER = { type: 'VirtualMachine', properties: ['name', 'runtime.powerState'] }

const devices = z.array(z.looseObject({ $type: z.string(), key: z.number() }))
const sessions = z.array(z.object({ key: z.string() }))

describe.skipIf(withoutVcsim)('on a simulated vCenter', () => {
  let vcsim: RunningVcsim
  let fingerprint = ''
  const open: Vim[] = []
  beforeAll(async () => {
    vcsim = await startVcsim({ vms: VMS })
    fingerprint = (await readServerCertificate(vcsim.address)).fingerprint
  }, VCSIM_TIMEOUT_MS)
  afterEach(async () => {
    for (const vim of open.splice(0)) await vim.close()
  })
  afterAll(async () => {
    await vcsim.stop()
  })

  async function connect(password = VCSIM_LOGIN.password): Promise<Vim> {
    const vim = await connectVim({ address: vcsim.address, fingerprint, username: VCSIM_LOGIN.username, password })
    open.push(vim)
    return vim
  }

  const vmNamed = async (vim: Vim, name: string): Promise<Ref> => {
    const found = (await retrieve(vim, POWER)).find(({ properties }) => properties.name === name)
    if (found === undefined) throw new Error(`There is no ${name}.`)
    return found.ref
  }
  const sessionsOf = async (vim: Vim): Promise<string[]> => sessions.parse((await retrieveOne(vim, vim.content.sessionManager, ['sessionList'])).properties.sessionList).map(({ key }) => key)
  const power = async (vim: Vim, vm: Ref, method: 'PowerOnVM_Task' | 'PowerOffVM_Task') => waitForTask(vim, await ask(vim, vm, method, {}, reference))

  test('a person’s name and password let in, and the server says what it is', async () => {
    const vim = await connect()
    expect(vim.content.about.apiType).toBe('VirtualCenter')
    expect(await vim.call({ type: 'ServiceInstance', value: 'ServiceInstance' }, 'CurrentTime')).toBeInstanceOf(Date)
    expect(await sessionsOf(vim)).toContain(vim.sessionKey)
  })

  test('a wrong password does not', async () => {
    await expect(connect('a-wrong-one')).rejects.toMatchObject({ code: 'FAULT', fault: 'InvalidLogin', method: 'Login' })
  })

  test('2,000 VMs are listed, each with the device keys of its disks', async () => {
    const vim = await connect()
    const found = await retrieve(vim, { type: 'VirtualMachine', properties: ['name', 'config.hardware.device'] })
    expect(new Set(found.map(({ ref }) => ref.value)).size).toBe(VMS)
    for (const { properties, missing } of found) {
      expect(missing).toEqual([])
      const disks = devices.parse(properties['config.hardware.device']).filter(({ $type }) => $type === 'VirtualDisk')
      expect(disks).toMatchObject([{ key: expect.any(Number), capacityInKB: expect.any(BigInt) }])
    }
  })

  test('a session that ends in mid-work is opened once more, for many calls at once', async () => {
    const vim = await connect()
    const administrator = await connect()
    const lost = vim.sessionKey
    await administrator.call(administrator.content.sessionManager, 'TerminateSession', { sessionId: [lost] })
    const before = await sessionsOf(administrator)
    const found = await Promise.all(Array.from({ length: 12 }, () => retrieve(vim, { type: 'Datacenter', properties: ['name'] })))
    expect(found.map((list) => list.length)).toEqual(found.map(() => 1))
    const after = await sessionsOf(administrator)
    expect(after.filter((key) => !before.includes(key))).toEqual([vim.sessionKey])
    expect(after).not.toContain(lost)
  })

  test('a VM is powered off and on, and what is off already cannot be: the task’s own fault says so', async () => {
    const vim = await connect()
    const vm = await vmNamed(vim, 'DC0_C0_RP0_VM0')
    await power(vim, vm, 'PowerOffVM_Task')
    expect((await retrieveOne(vim, vm, ['runtime.powerState'])).properties).toEqual({ 'runtime.powerState': 'poweredOff' })
    await expect(power(vim, vm, 'PowerOffVM_Task')).rejects.toMatchObject({ code: 'FAULT', fault: 'InvalidPowerState', ref: vm })
    await power(vim, vm, 'PowerOnVM_Task')
  })

  test('a watch shows every VM, then what changes, and begins anew after its session was lost', async () => {
    const vim = await connect()
    const administrator = await connect()
    const vm = await vmNamed(administrator, 'DC0_C0_RP0_VM1')
    const stop = new AbortController()
    const batches = watch(vim, POWER, stop.signal)
    const until = async (seen: (batch: UpdateBatch) => boolean): Promise<UpdateBatch[]> => {
      const all: UpdateBatch[] = []
      for (let next = await batches.next(); next.done !== true; next = await batches.next()) {
        all.push(next.value)
        if (seen(next.value)) return all
      }
      throw new Error('The watch ended.')
    }
    const list = await until(({ complete }) => complete)
    expect(list[0]?.fresh).toBe(true)
    expect(list.flatMap(({ updates }) => updates).filter(({ kind }) => kind === 'ENTER')).toHaveLength(VMS)

    const isOff = ({ updates }: UpdateBatch) => updates.some(({ kind, ref, changed }) => kind === 'MODIFY' && ref.value === vm.value && changed['runtime.powerState'] === 'poweredOff')
    const [seen] = await Promise.all([until(isOff), power(administrator, vm, 'PowerOffVM_Task')])
    expect(seen.every(({ fresh }) => !fresh)).toBe(true)

    await administrator.call(administrator.content.sessionManager, 'TerminateSession', { sessionId: [vim.sessionKey] })
    const [again] = await Promise.all([until(({ fresh }) => fresh), power(administrator, vm, 'PowerOnVM_Task')])
    expect(again.at(-1)?.updates.length).toBeGreaterThan(0)
    stop.abort()
    expect((await batches.next()).done).toBe(true)
  })

  test('closing leaves no session', async () => {
    const vim = await connect()
    const watcher = await connect()
    expect(await sessionsOf(watcher)).toContain(vim.sessionKey)
    await vim.close()
    expect(await sessionsOf(watcher)).toEqual([watcher.sessionKey])
  })

  test('the table of types is what its generator makes of govmomi’s', async () => {
    const { types } = await vcsimForTests()
    const names = (await readdir(types)).filter((name) => name.endsWith('.go') && !name.endsWith('_test.go')).toSorted()
    const source = (await Promise.all(names.map((name) => readFile(join(types, name), 'utf8')))).join('\n')
    const committed = await readFile(new URL('generated/vim-types.ts', import.meta.url), 'utf8')
    expect(makeTable(parseGoTypes(source), METHOD_NAMES, TYPE_NAMES)).toBe(committed)
  })
})
