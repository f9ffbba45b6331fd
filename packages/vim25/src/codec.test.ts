import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeValue } from './decode.ts'
import { encodeCall } from './encode.ts'
import { VimError } from './errors.ts'
import { isPrimitive, readPrimitive, writePrimitive } from './primitives.ts'
import { decodeResponse } from './soap.ts'
import { answer, refXml } from './testing/scripted-vim.ts'
import type { VimArguments } from './values.ts'
import { escapeXml, parseXml } from './xml.ts'

const COLLECTOR = { type: 'PropertyCollector', value: 'pc' }
const encode = (method: string, args: VimArguments) => encodeCall(COLLECTOR, method, args)
const decode = (xml: string, declared: string) => decodeValue(parseXml(xml.replace(/^<\w+/, '$& xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"')), declared)

describe('what is sent', () => {
  test('stands in declared order, whatever the order of the fields, with xsi:type on every object', () => {
    const spec = { objectSet: [{ selectSet: [{ skip: false, path: 'view', $type: 'TraversalSpec', type: 'ContainerView', name: 'v' }], obj: { type: 'ContainerView', value: 'view-1' } }], propSet: [{ pathSet: ['name', 'config'], type: 'VirtualMachine' }] }
    expect(encode('CreateFilter', { partialUpdates: false, spec })).toBe(
      '<CreateFilter xmlns="urn:vim25"><_this type="PropertyCollector">pc</_this>' +
        '<spec xsi:type="PropertyFilterSpec"><propSet xsi:type="PropertySpec"><type>VirtualMachine</type><pathSet>name</pathSet><pathSet>config</pathSet></propSet>' +
        '<objectSet xsi:type="ObjectSpec"><obj type="ContainerView">view-1</obj><selectSet xsi:type="TraversalSpec"><name>v</name><type>ContainerView</type><path>view</path><skip>false</skip></selectSet></objectSet></spec>' +
        '<partialUpdates>false</partialUpdates></CreateFilter>',
    )
  })

  test('is escaped', () => {
    expect(encode('Login', { userName: 'a<b>', password: '"&' })).toContain('<userName>a&lt;b&gt;</userName><password>&quot;&amp;</password>')
  })

  test.each<[string, string, VimArguments]>([
    ['a method outside of the subset', 'MakeCoffee', {}],
    ['an argument that there is not', 'Login', { userName: 'a', password: 'b', pin: 1 }],
    ['a lacking argument', 'Login', { userName: 'a' }],
    ['a value of another type', 'Login', { userName: 'a', password: 7 }],
    ['one in place of a list', 'TerminateSession', { sessionId: 'a' }],
    ['an object that does not belong there', 'CreateFilter', { spec: { $type: 'ObjectSpec', obj: COLLECTOR }, partialUpdates: true }],
    ['an object of an unknown type', 'CreateFilter', { spec: { $type: '__proto__' }, partialUpdates: true }],
    ['a text in place of a reference', 'CreateContainerView', { container: 'group-1', recursive: true }],
    ['a character that XML cannot hold', 'Login', { userName: 'a', password: 'secret\0' }],
  ])('%s is refused before anything is sent, without the value', (_, method, args) => {
    const refusal = expect.objectContaining({ code: 'INVALID_CALL', message: expect.not.stringContaining('secret') })
    expect(() => encode(method, args)).toThrow(refusal)
  })
})

describe('what is received', () => {
  test('a list with one item is a list, and so is one with none that is returned', () => {
    const update = '<returnval><version>1</version><filterSet><filter type="PropertyFilter">f</filter><objectSet><kind>modify</kind><obj type="Task">t</obj></objectSet></filterSet></returnval>'
    expect(decodeResponse(answer('WaitForUpdatesEx', update), COLLECTOR, 'WaitForUpdatesEx')).toMatchObject({ filterSet: [{ filter: { type: 'PropertyFilter', value: 'f' }, objectSet: [{ kind: 'modify' }] }] })
    expect(decodeResponse(answer('RetrievePropertiesEx'), COLLECTOR, 'RetrievePropertiesEx')).toBeUndefined()
    expect(decode('<val xsi:type="ArrayOfInt"><int>7</int></val>', 'anyType')).toEqual([7])
    expect(decode('<val xsi:type="ArrayOfManagedObjectReference"></val>', 'anyType')).toEqual([])
  })

  test('objects are of their own type, however special', () => {
    const devices = decode(
      `<val xsi:type="ArrayOfVirtualDevice"><VirtualDevice xsi:type="VirtualDisk"><key>2000</key><backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[ds] a.vmdk</fileName>${refXml('datastore', 'Datastore', 'ds-1')}<diskMode>persistent</diskMode></backing><controllerKey>1000</controllerKey><capacityInKB>9007199254740993</capacityInKB></VirtualDevice></val>`,
      'anyType',
    )
    expect(devices).toEqual([{ $type: 'VirtualDisk', key: 2000, controllerKey: 1000, capacityInKB: 9007199254740993n, backing: { $type: 'VirtualDiskFlatVer2BackingInfo', fileName: '[ds] a.vmdk', datastore: { type: 'Datastore', value: 'ds-1' }, diskMode: 'persistent' } }])
  })

  test('what the metadata does not know stays as it is', () => {
    expect(decode('<val xsi:type="PowerState2040">warm</val>', 'anyType')).toBe('warm')
    expect(decode('<val xsi:type="Odd"><a>1</a><b><c>x</c></b><a xsi:type="xsd:int">2</a></val>', 'anyType')).toEqual({ $type: 'Odd', a: ['1', 2], b: { $type: 'anyType', c: 'x' } })
    expect(decode('<d xsi:type="VirtualQuantumDisk"><key>7</key><spin>up</spin></d>', 'VirtualDevice')).toEqual({ $type: 'VirtualQuantumDisk', key: 7, spin: 'up' })
    const odd = decode('<val xsi:type="Odd"><valueOf>1</valueOf><toString>2</toString></val>', 'anyType')
    expect(Object.getPrototypeOf(odd)).toBe(Object.prototype)
  })

  test.each([
    ['int', 'seven'], ['int', '2147483648'], ['int', ''], ['long', '9223372036854775808'], ['boolean', 'yes'], ['dateTime', 'yesterday'], ['dateTime', '2026-13-45T00:00:00Z'], ['double', '1,5'], ['base64Binary', 'ä'],
  ])('for %s "%s" is refused', (type, text) => {
    expect(() => decode(`<val>${text}</val>`, type)).toThrow(VimError)
  })

  test('a second value where there can be but one is refused', () => {
    expect(() => decode('<a><key>1</key><key>2</key></a>', 'VirtualDevice')).toThrow(/2 times/)
  })
})

test('every primitive reads as it was written', () => {
  const samples = {
    boolean: fc.boolean(), byte: fc.integer({ min: -128, max: 127 }), short: fc.integer({ min: -32768, max: 32767 }), int: fc.maxSafeInteger().map((value) => value | 0),
    long: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), double: fc.double(), float: fc.float(), dateTime: fc.date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true }),
    base64Binary: fc.uint8Array().map((bytes) => Buffer.from(bytes)), string: fc.string(), anyURI: fc.webUrl(),
  }
  for (const [type, sample] of Object.entries<fc.Arbitrary<unknown>>(samples)) {
    expect(isPrimitive(type)).toBe(true)
    fc.assert(fc.property(sample, (value) => {
      // A negative zero is a zero on the wire.
      expect(readPrimitive(type, writePrimitive(type, value) ?? 'none')).toEqual(value === 0 ? 0 : value)
    }))
  }
})

test('any text arrives as it was sent', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }).filter((text) => escapeXml(text) !== null), (text) => {
      const sent = parseXml(encode('Login', { userName: text, password: '' }))
      expect(sent.children.find(({ name }) => name === 'userName')?.text).toBe(text)
    }),
  )
})
