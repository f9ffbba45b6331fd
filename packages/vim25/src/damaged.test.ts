import fc from 'fast-check'
import { expect, test } from 'vitest'
import { VimError } from './errors.ts'
import { decodeResponse } from './soap.ts'
import { answer, faultAnswer, refXml } from './testing/scripted-vim.ts'

const CASES = 10_000
const COLLECTOR = { type: 'PropertyCollector', value: 'pc' }

const device = '<VirtualDevice xsi:type="VirtualDisk"><key>2000</key><deviceInfo xsi:type="Description"><label>Disk &amp; more</label><summary>16 GB</summary></deviceInfo><backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[ds] a.vmdk</fileName></backing><capacityInKB>16777216</capacityInKB></VirtualDevice>'
const object = `<objects>${refXml('obj', 'VirtualMachine', 'vm-1')}<propSet><name>config.hardware.device</name><val xsi:type="ArrayOfVirtualDevice">${device}${device}</val></propSet><propSet><name>config.modified</name><val xsi:type="xsd:dateTime">2026-11-28T17:00:00.123456Z</val></propSet><missingSet><path>guest</path><fault><fault xsi:type="NoPermission"><privilegeId>a</privilegeId></fault><localizedMessage>no</localizedMessage></fault></missingSet></objects>`
const DOCUMENTS = [answer('RetrievePropertiesEx', `<returnval><token>t</token>${object}${object}</returnval>`), faultAnswer('ManagedObjectNotFound', 'gone', refXml('obj', 'VirtualMachine', 'vm-1'))]

/** What bad lines and bad minds put in. */
const PIECES = ['<', '>', '/', '&', '&#x0;', '&lt;', '"', "'", ':', ' xsi:type="VirtualDisk"', ' xsi:type="ArrayOfArrayOfInt"', ' xsi:type="__proto__"', '<__proto__>', '<a:>', '<![CDATA[', ']]>', '<!--', '-->', '<?', '<!DOCTYPE x>', '<key>', '</key>', '-', '9'.repeat(30), '\0', '\ufffd', '<b>'.repeat(200), '</']

const place = fc.integer({ min: 0, max: 4_000 })
/** At a place some characters go and others come; or all behind it is lost; or some of it comes twice. */
const damage = fc.record({ kind: fc.constantFrom('PUT', 'PUT', 'PUT', 'CUT', 'TWICE'), at: place, piece: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 3 })), length: fc.integer({ min: 0, max: 8 }) })

function damaged(document: string, damages: readonly { kind: string; at: number; piece: string; length: number }[]): string {
  let text = document
  for (const { kind, at: somewhere, piece, length } of damages) {
    const at = somewhere % (text.length + 1)
    if (kind === 'CUT') text = text.slice(0, at)
    else if (kind === 'TWICE') text = text.slice(0, at + length * 60) + text.slice(at)
    else text = text.slice(0, at) + piece + text.slice(at + length)
  }
  return text
}

test('ten thousand damaged answers: what comes out is a value or our own error, and nothing grows', { timeout: 60_000 }, () => {
  let decoded = 0
  let refused = 0
  fc.assert(
    fc.property(fc.constantFrom(...DOCUMENTS), fc.array(damage, { minLength: 1, maxLength: 3 }), (document, damages) => {
      const text = damaged(document, damages)
      try {
        const value = decodeResponse(text, COLLECTOR, 'RetrievePropertiesEx')
        decoded += 1
        expect(sizeOf(value)).toBeLessThanOrEqual(text.length * 2)
      } catch (error) {
        if (!(error instanceof VimError)) throw error
        refused += 1
        expect(error.message.length).toBeLessThan(5_000)
      }
    }),
    { numRuns: CASES, seed: 20261128 },
  )
  // A decoder that takes everything, or nothing, would not be tested.
  expect(decoded).toBeGreaterThan(CASES / 100)
  expect(refused).toBeGreaterThan(CASES / 100)
})

/** Values and characters of all that was decoded. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce<number>((sum, one) => sum + sizeOf(one), 1)
}
