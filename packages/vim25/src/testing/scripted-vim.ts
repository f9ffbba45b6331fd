import { decodeResponse, encodeRequest } from '../soap.ts'
import type { Vim } from '../session.ts'

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>\n'

/** A whole answer to a method, around what it returns. */
export const answer = (method: string, returns = ''): string => `${HEAD}<${method}Response xmlns="urn:vim25">${returns}</${method}Response>\n</soapenv:Body></soapenv:Envelope>`

/** A whole answer that is a fault, as vCenter writes it. */
export const faultAnswer = (fault: string, said = '', inside = ''): string =>
  `${HEAD}<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>${said}</faultstring><detail><${fault}Fault xmlns="urn:vim25" xsi:type="${fault}">${inside}</${fault}Fault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>`

export const refXml = (name: string, type: string, value: string): string => `<${name} type="${type}">${value}</${name}>`

/** What a scripted server was asked. */
export interface Asked {
  readonly method: string
  readonly on: string
  readonly request: string
}

/**
 * A server that plays a part: `say` gets the method and how often it was called before, and answers with a document.
 * Opening and closing of views, collectors and filters needs no answer.
 */
export function scriptedVim(say: (method: string, times: number, asked: Asked) => string): Vim & { readonly asked: readonly Asked[] } {
  const asked: Asked[] = []
  const manager = (type: string) => ({ type, value: type })
  return {
    asked,
    content: {
      rootFolder: { type: 'Folder', value: 'group-d1' },
      propertyCollector: manager('PropertyCollector'), viewManager: manager('ViewManager'), sessionManager: manager('SessionManager'),
      eventManager: manager('EventManager'), perfManager: manager('PerformanceManager'), extensionManager: manager('ExtensionManager'), ioFilterManager: manager('IoFilterManager'), authorizationManager: manager('AuthorizationManager'),
      about: { fullName: 'Scripted', apiType: 'VirtualCenter', apiVersion: '7.0' },
    },
    sessionKey: 'scripted',
    call(ref, method, args = {}, signal) {
      return new Promise((resolve) => {
        signal?.throwIfAborted()
        const times = asked.filter((one) => one.method === method).length
        const now = { method, on: ref.value, request: encodeRequest(ref, method, args) }
        asked.push(now)
        const housekeeping = HOUSEKEEPING[method]
        resolve(decodeResponse(housekeeping === undefined ? say(method, times, now) : answer(method, housekeeping(times)), ref, method))
      })
    },
    readFile: () => Promise.reject(new Error('No file was scripted.')),
    fileBytes: () => Promise.reject(new Error('No file was scripted.')),
    close: () => Promise.resolve(),
  }
}

const HOUSEKEEPING: Readonly<Record<string, (times: number) => string>> = {
  CreateContainerView: (times) => refXml('returnval', 'ContainerView', `view-${times}`),
  DestroyView: () => '',
  CreatePropertyCollector: (times) => refXml('returnval', 'PropertyCollector', `collector-${times}`),
  DestroyPropertyCollector: () => '',
  CreateFilter: (times) => refXml('returnval', 'PropertyFilter', `filter-${times}`),
}
