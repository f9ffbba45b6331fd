import { describe, expect, test } from 'vitest'
import { MAX_ATTEMPTS, MAX_PAGES, retrieve, retrieveOne } from './retrieve.ts'
import { answer, faultAnswer, refXml, scriptedVim } from './testing/scripted-vim.ts'

const VMS = { type: 'VirtualMachine', properties: ['name'] }
const vmXml = (id: string) => `<objects>${refXml('obj', 'VirtualMachine', id)}<propSet><name>name</name><val xsi:type="xsd:string">${id}</val></propSet></objects>`
const missingXml = (id: string, path: string, fault: string) => `<objects>${refXml('obj', 'VirtualMachine', id)}<missingSet><path>${path}</path><fault><fault xsi:type="${fault}"></fault></fault></missingSet></objects>`
const page = (method: string, token: string | null, ...objects: string[]) => answer(method, `<returnval>${token === null ? '' : `<token>${token}</token>`}${objects.join('')}</returnval>`)
const first = (token: string | null, ...objects: string[]) => page('RetrievePropertiesEx', token, ...objects)
const next = (token: string | null, ...objects: string[]) => page('ContinueRetrievePropertiesEx', token, ...objects)
const idsOf = (found: readonly { ref: { value: string } }[]) => found.map(({ ref }) => ref.value)
const callsOf = (vim: ReturnType<typeof scriptedVim>, method: string) => vim.asked.filter((one) => one.method === method)

describe('a list', () => {
  test('is whole over pages, an empty first one among them, and its view is given back', async () => {
    const vim = scriptedVim((method, times) => (method === 'RetrievePropertiesEx' ? first('t0') : times === 0 ? next('t1', vmXml('vm-1'), vmXml('vm-2')) : next(null, vmXml('vm-3'))))
    const found = await retrieve(vim, VMS)
    expect(idsOf(found)).toEqual(['vm-1', 'vm-2', 'vm-3'])
    expect(found[0]).toEqual({ ref: { type: 'VirtualMachine', value: 'vm-1' }, properties: { name: 'vm-1' }, missing: [] })
    expect(callsOf(vim, 'ContinueRetrievePropertiesEx').map(({ request }) => /<token>(.*)<\/token>/.exec(request)?.[1])).toEqual(['t0', 't1'])
    expect(callsOf(vim, 'RetrievePropertiesEx')[0]?.request).toContain('<maxObjects>100</maxObjects>')
    expect(callsOf(vim, 'DestroyView').map(({ on }) => on)).toEqual(['view-0'])
  })

  test('of nothing is empty', async () => {
    expect(await retrieve(scriptedVim(() => answer('RetrievePropertiesEx')), VMS)).toEqual([])
  })

  test('says what could not be read, and why', async () => {
    const [found] = await retrieve(scriptedVim(() => first(null, missingXml('vm-1', 'guest', 'NoPermission'))), VMS)
    expect(found).toMatchObject({ properties: {}, missing: [{ path: 'guest', fault: 'NoPermission' }] })
  })

  test('leaves out what vanished between being selected and being read', async () => {
    const vim = scriptedVim(() => first(null, vmXml('vm-1'), missingXml('vm-2', 'name', 'ManagedObjectNotFound')))
    expect(idsOf(await retrieve(vim, VMS))).toEqual(['vm-1'])
  })

  test.each(['ManagedObjectNotFound', 'InvalidArgument', 'InvalidProperty'])('is asked for anew, whole, when it falls apart with %s', async (fault) => {
    const vim = scriptedVim((method, times) => (method === 'ContinueRetrievePropertiesEx' ? faultAnswer(fault) : times === 0 ? first('t', vmXml('vm-1')) : first(null, vmXml('vm-2'))))
    expect(idsOf(await retrieve(vim, VMS))).toEqual(['vm-2'])
    expect(callsOf(vim, 'DestroyView').map(({ on }) => on)).toEqual(['view-0', 'view-1'])
  })

  test('that always falls apart is given up', async () => {
    const vim = scriptedVim(() => faultAnswer('ManagedObjectNotFound', 'gone'))
    await expect(retrieve(vim, VMS)).rejects.toMatchObject({ fault: 'ManagedObjectNotFound' })
    expect(callsOf(vim, 'RetrievePropertiesEx')).toHaveLength(MAX_ATTEMPTS)
  })

  test('of what there is not is refused at once', async () => {
    const vim = scriptedVim(() => faultAnswer('InvalidProperty', 'nmae', '<name>nmae</name>'))
    await expect(retrieve(vim, VMS)).rejects.toMatchObject({ fault: 'InvalidProperty' })
    expect(callsOf(vim, 'RetrievePropertiesEx')).toHaveLength(1)
  })

  test('that never ends is ended', async () => {
    const vim = scriptedVim((method) => (method === 'CancelRetrievePropertiesEx' ? answer(method) : page(method, 'more', vmXml('vm-1'))))
    await expect(retrieve(vim, VMS)).rejects.toMatchObject({ code: 'TOO_LARGE' })
    expect(callsOf(vim, 'ContinueRetrievePropertiesEx')).toHaveLength(MAX_PAGES - 1)
    expect(vim.asked.slice(-2).map(({ method }) => method)).toEqual(['CancelRetrievePropertiesEx', 'DestroyView'])
  })
})

test('one object that is no longer there is said to be gone', async () => {
  await expect(retrieveOne(scriptedVim(() => faultAnswer('ManagedObjectNotFound')), { type: 'Task', value: 'task-1' }, ['info'])).rejects.toMatchObject({ code: 'GONE', message: 'Task task-1 is no longer there.' })
})
