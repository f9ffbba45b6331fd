import { expect, test } from 'vitest'
import { VimFault, isFault, isNotAuthenticated } from './errors.ts'
import { decodeResponse } from './soap.ts'
import { answer, faultAnswer, refXml } from './testing/scripted-vim.ts'

const VM = { type: 'VirtualMachine', value: 'vm-7' }

function thrown(text: string): unknown {
  try {
    return decodeResponse(text, VM, 'PowerOnVM_Task')
  } catch (error) {
    return error
  }
}

test('a fault has its type, the server’s words, the method, the object and its details', () => {
  const error = thrown(faultAnswer('InvalidPowerState', 'It is on.', '<requestedState>poweredOn</requestedState><existingState>poweredOn</existingState>'))
  expect(error).toBeInstanceOf(VimFault)
  expect(error).toMatchObject({ code: 'FAULT', fault: 'InvalidPowerState', method: 'PowerOnVM_Task', ref: VM, detail: { $type: 'InvalidPowerState', existingState: 'poweredOn' }, message: 'The server refused PowerOnVM_Task on VirtualMachine vm-7: It is on. (InvalidPowerState).' })
})

test('a lost session is recognised, by the name that every server gives the fault’s type', () => {
  expect(isNotAuthenticated(thrown(faultAnswer('NotAuthenticated', 'The session is not authenticated.', `${refXml('object', 'Folder', 'group-d1')}<privilegeId>System.View</privilegeId>`)))).toBe(true)
  expect(isNotAuthenticated(thrown(faultAnswer('NotAuthenticated').replaceAll('NotAuthenticatedFault', 'Fault')))).toBe(true)
  expect(isNotAuthenticated(thrown(faultAnswer('NotAuthenticated').replace(' xsi:type="NotAuthenticated"', '')))).toBe(true)
  expect(isNotAuthenticated(thrown(faultAnswer('NoPermission')))).toBe(false)
})

test('a fault without details, and one of an unknown type, are faults', () => {
  expect(thrown(faultAnswer('X').replace(/<detail>.*<\/detail>/, ''))).toMatchObject({ fault: 'ServerFaultCode', detail: undefined })
  expect(isFault(thrown(faultAnswer('FaultOf2040', 'new', '<because>so</because>')), 'FaultOf2040')).toBe(true)
})

test.each([
  ['a web page', '<html><body>Sign in</body></html>'],
  ['an answer to another method', answer('PowerOffVM_Task')],
  ['an empty envelope', '<Envelope/>'],
])('%s is no answer', (_, text) => {
  expect(thrown(text)).toMatchObject({ code: 'PROTOCOL' })
})

test('what returns nothing returns nothing', () => {
  expect(decodeResponse(answer('Logout'), VM, 'Logout')).toBeUndefined()
  expect(decodeResponse(answer('PowerOnVM_Task', refXml('returnval', 'Task', 'task-1')), VM, 'PowerOnVM_Task')).toEqual({ type: 'Task', value: 'task-1' })
})
