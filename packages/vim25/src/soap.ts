import { decodeValue } from './decode.ts'
import { encodeCall } from './encode.ts'
import { VimError, VimFault } from './errors.ts'
import { methodOf } from './metadata.ts'
import type { Ref, VimArguments, VimValue } from './values.ts'
import { parseXml } from './xml.ts'
import type { XmlElement } from './xml.ts'

/** What the metadata describes, and the oldest version that is still maintained; later servers speak it too. */
export const SOAP_ACTION = 'urn:vim25/7.0'

const HEAD = '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
const TAIL = '</soapenv:Body></soapenv:Envelope>'

/** The document that asks for a method. Throws `VimError` INVALID_CALL. */
export const encodeRequest = (ref: Ref, method: string, args: VimArguments): string => `${HEAD}${encodeCall(ref, method, args)}${TAIL}`

/**
 * What a method returned: a list wherever one is declared, undefined where there is nothing.
 * Throws `VimFault`, or `VimError` PROTOCOL for what is no answer to it.
 */
export function decodeResponse(text: string, ref: Ref, method: string): VimValue | undefined {
  const envelope = parseXml(text)
  const body = envelope.name === 'Envelope' ? childOf(envelope, 'Body') : undefined
  const answer = body?.children[0]
  if (answer?.name === 'Fault') throw faultOf(answer, ref, method)
  if (answer?.name !== `${method}Response`) throw new VimError('PROTOCOL', `The server's answer to ${method} is none. Check that the address is that of a vCenter or an ESXi host.`)
  const returns = methodOf(method)?.returns ?? null
  if (returns === null) return undefined
  const values = answer.children.filter((child) => child.name === returns.name).map((child) => decodeValue(child, returns.type))
  return returns.array ? values : values[0]
}

/** The fault is the only thing in `detail`; its element's name differs between servers, its `xsi:type` does not. */
function faultOf(element: XmlElement, ref: Ref, method: string): VimFault {
  const said = childOf(element, 'faultstring')?.text ?? ''
  const detail = childOf(element, 'detail')?.children[0]
  const type = detail?.xsiType ?? detail?.name.replace(/Fault$/, '') ?? childOf(element, 'faultcode')?.text ?? 'an unnamed fault'
  return new VimFault(type, said.trim(), { method, ref, detail: detail === undefined ? undefined : decodeValue(detail, type) })
}

const childOf = (element: XmlElement, name: string): XmlElement | undefined => element.children.find((child) => child.name === name)
