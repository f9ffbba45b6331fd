import { describe, expect, test } from 'vitest'
import { MAX_ATTEMPTS } from './retrieve.ts'
import { waitForTask } from './task.ts'
import { answer, faultAnswer, refXml, scriptedVim } from './testing/scripted-vim.ts'
import { MAX_TRUNCATED } from './updates.ts'
import type { UpdateBatch } from './updates.ts'
import { watch } from './watch.ts'

const VMS = { type: 'VirtualMachine', properties: ['name'] }
const change = (kind: string, id: string, inside = '') => `<objectSet><kind>${kind}</kind>${refXml('obj', 'VirtualMachine', id)}${inside}</objectSet>`
const named = (name: string) => `<changeSet><name>name</name><op>assign</op><val xsi:type="xsd:string">${name}</val></changeSet>`
const updates = (version: string, truncated: boolean, ...changes: string[]) =>
  answer('WaitForUpdatesEx', `<returnval><version>${version}</version><filterSet>${refXml('filter', 'PropertyFilter', 'filter-0')}${changes.join('')}</filterSet>${truncated ? '<truncated>true</truncated>' : ''}</returnval>`)
const callsOf = (vim: ReturnType<typeof scriptedVim>, method: string) => vim.asked.filter((one) => one.method === method)

/** The first batches of a watch; leaving the loop ends it. */
async function take(count: number, of: AsyncIterable<UpdateBatch>): Promise<UpdateBatch[]> {
  const batches: UpdateBatch[] = []
  for await (const batch of of) if (batches.push(batch) === count) break
  return batches
}

describe('a watch', () => {
  test('gives the full list, in parts where it is truncated, and then what changes', async () => {
    const unset = '<changeSet><name>name</name><op>remove</op></changeSet>'
    const script = [updates('1', true, change('enter', 'vm-1', named('a'))), updates('2', false, change('enter', 'vm-2', named('b'))), answer('WaitForUpdatesEx'), updates('3', false, change('modify', 'vm-1', unset), change('leave', 'vm-2'))]
    const vim = scriptedVim((_, times) => script[times] ?? answer('WaitForUpdatesEx'))
    const batches = await take(3, watch(vim, VMS))
    expect(batches.map(({ fresh, complete }) => [fresh, complete])).toEqual([[true, false], [false, true], [false, true]])
    expect(batches.flatMap((batch) => batch.updates.map(({ kind, ref, changed }) => [kind, ref.value, changed]))).toEqual([['ENTER', 'vm-1', { name: 'a' }], ['ENTER', 'vm-2', { name: 'b' }], ['MODIFY', 'vm-1', { name: undefined }], ['LEAVE', 'vm-2', {}]])
    expect(callsOf(vim, 'WaitForUpdatesEx').map(({ request }) => /<version>(.*?)<\/version>/.exec(request)?.[1])).toEqual(['', '1', '2', '2'])
  })

  test('has a collector of its own, and gives back all that was opened for it', async () => {
    const vim = scriptedVim(() => updates('1', false, change('enter', 'vm-1')))
    await take(1, watch(vim, VMS))
    expect(callsOf(vim, 'WaitForUpdatesEx').map(({ on }) => on)).toEqual(['collector-0'])
    expect(vim.asked.slice(-2).map(({ method, on }) => [method, on])).toEqual([['DestroyPropertyCollector', 'collector-0'], ['DestroyView', 'view-0']])
  })

  test('says what is gone before it could be read, and what may not be read', async () => {
    const secret = '<missingSet><path>name</path><fault><fault xsi:type="NoPermission"></fault></fault></missingSet>'
    const gone = `<missingSet>${refXml('obj', 'VirtualMachine', 'vm-9')}<fault><fault xsi:type="ManagedObjectNotFound"></fault></fault></missingSet>`
    const [batch] = await take(1, watch(scriptedVim(() => updates('1', false, change('enter', 'vm-1', secret), gone)), VMS))
    expect(batch?.updates).toMatchObject([{ kind: 'ENTER', missing: [{ path: 'name', fault: 'NoPermission' }] }, { kind: 'LEAVE', ref: { value: 'vm-9' } }])
  })

  test('starts anew, fresh, when its collector went with a session', async () => {
    const vim = scriptedVim((_, times) => (times === 1 ? faultAnswer('ManagedObjectNotFound') : updates(String(times), false, change('enter', 'vm-1'))))
    expect((await take(2, watch(vim, VMS))).map(({ fresh }) => fresh)).toEqual([true, true])
    expect(callsOf(vim, 'WaitForUpdatesEx').map(({ on }) => on)).toEqual(['collector-0', 'collector-0', 'collector-1'])
  })

  test('of what is not there is given up', async () => {
    const vim = scriptedVim(() => faultAnswer('ManagedObjectNotFound'))
    await expect(take(1, watch(vim, VMS))).rejects.toMatchObject({ fault: 'ManagedObjectNotFound' })
    expect(callsOf(vim, 'WaitForUpdatesEx')).toHaveLength(MAX_ATTEMPTS)
  })

  test('whose updates are truncated for ever is ended', async () => {
    const vim = scriptedVim((_, times) => updates(String(times), true, change('modify', 'vm-1')))
    await expect(take(MAX_TRUNCATED + 1, watch(vim, VMS))).rejects.toMatchObject({ code: 'TOO_LARGE' })
  })

  test('ends with its signal', async () => {
    const stop = new AbortController()
    const seen: UpdateBatch[] = []
    for await (const batch of watch(scriptedVim((_, times) => updates(String(times), false)), VMS, stop.signal)) if (seen.push(batch) === 2) stop.abort()
    expect(seen).toHaveLength(2)
  })
})

describe('a task', () => {
  const TASK = { type: 'Task', value: 'task-1' }
  const info = (state: string, inside = '') => `<returnval><objects>${refXml('obj', 'Task', 'task-1')}<propSet><name>info</name><val xsi:type="TaskInfo"><key>task-1</key>${refXml('task', 'Task', 'task-1')}<descriptionId>VirtualMachine.powerOn</descriptionId>${refXml('entity', 'VirtualMachine', 'vm-1')}<state>${state}</state><cancelled>false</cancelled><cancelable>true</cancelable>${inside}</val></propSet></objects></returnval>`
  const task = (...states: string[]) => scriptedVim((method, times) => (method === 'RetrievePropertiesEx' ? answer(method, states[times]) : updates(String(times), false, change('modify', 'vm-1'))))

  test('is waited for until it succeeds, with its result', async () => {
    const vim = task(info('queued'), info('running'), info('success', '<result xsi:type="xsd:string">done</result>'))
    expect(await waitForTask(vim, TASK)).toBe('done')
  })

  test('that ended in a fault rejects with it, naming what was tried on what', async () => {
    const error = '<error><fault xsi:type="InvalidPowerState"><requestedState>poweredOn</requestedState></fault><localizedMessage>It is on.</localizedMessage></error>'
    await expect(waitForTask(task(info('error', error)), TASK)).rejects.toMatchObject({ fault: 'InvalidPowerState', method: 'VirtualMachine.powerOn', ref: { type: 'VirtualMachine', value: 'vm-1' } })
  })

  test('that the server has forgotten is gone', async () => {
    await expect(waitForTask(scriptedVim(() => faultAnswer('ManagedObjectNotFound')), TASK)).rejects.toMatchObject({ code: 'GONE' })
  })

  test('whose waiting is aborted rejects with the reason', async () => {
    const stop = new AbortController()
    const vim = scriptedVim((method, times) => {
      if (times === 2) stop.abort(new Error('enough'))
      return method === 'RetrievePropertiesEx' ? answer(method, info('running')) : updates(String(times), false)
    })
    await expect(waitForTask(vim, TASK, stop.signal)).rejects.toThrow('enough')
  })
})
