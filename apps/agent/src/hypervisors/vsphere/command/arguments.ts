import { parseArgs } from 'node:util'
import type { ParseArgsOptionsConfig } from 'node:util'
import { z } from 'zod'
import { vsphereOptions } from '../connection/connection-file.ts'
import { UsageError } from './refusal.ts'

const givenOptions = vsphereOptions.partial()
export type GivenOptions = z.infer<typeof givenOptions>

export interface ConnectArguments {
  readonly address: string
  readonly user: string | undefined
  /** Confirmed beforehand, so that nobody is asked. */
  readonly fingerprint: string | undefined
  readonly passwordStdin: boolean
  /** What was given; the rest stays as it was. */
  readonly options: GivenOptions
}

/** What is done with an IO filter; `cluster`, `vm`: names in vCenter. */
export type FilterArguments =
  | { readonly do: 'list' }
  | { readonly do: 'install'; readonly cluster: string; readonly url: string }
  | { readonly do: 'upgrade'; readonly cluster: string; readonly filter: string; readonly url: string }
  | { readonly do: 'uninstall' | 'resolve'; readonly cluster: string; readonly filter: string }
  | { readonly do: 'attach'; readonly vm: string; readonly policy: string }
  | { readonly do: 'detach'; readonly vm: string }

export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'connect'; readonly data: string | undefined; readonly connect: ConnectArguments }
  | { readonly name: 'status' | 'forget'; readonly data: string | undefined; readonly yes: boolean }
  | { readonly name: 'io-filter'; readonly data: string | undefined; readonly yes: boolean; readonly filter: FilterArguments }
  | { readonly name: 'extension'; readonly data: string | undefined; readonly do: 'register' | 'remove' }

const COMMON = { data: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const
const YES = { yes: { type: 'boolean' } } as const
const CONNECT = {
  user: { type: 'string' }, fingerprint: { type: 'string' }, 'password-stdin': { type: 'boolean' }, 'agent-vm': { type: 'string' }, datacenter: { type: 'string' },
  storage: { type: 'string', multiple: true }, network: { type: 'string', multiple: true }, read: { type: 'string' }, portal: { type: 'string' }, 'admin-email': { type: 'string' },
} as const

/** What follows `npm run vsphere --`. Throws `UsageError`. */
export function parseCommand(args: readonly string[]): Command {
  const [name = 'help', ...rest] = args
  if (name === 'help' || name === '--help' || name === '-h') return { name: 'help' }
  switch (name) {
    case 'connect':
      return connectFrom(rest)
    case 'status':
    case 'forget': {
      const { values, positionals } = parsed(rest, { ...COMMON, ...YES })
      if (values.help === true) return { name: 'help' }
      expectWords(name, positionals, [])
      return { name, data: values.data, yes: values.yes === true }
    }
    case 'io-filter': {
      const { values, positionals } = parsed(rest, { ...COMMON, ...YES, policy: { type: 'string' } })
      if (values.help === true) return { name: 'help' }
      return { name, data: values.data, yes: values.yes === true, filter: filterFrom(positionals, values.policy) }
    }
    case 'extension': {
      const { values, positionals } = parsed(rest, COMMON)
      const [what, ...more] = positionals
      if (values.help === true) return { name: 'help' }
      if (what !== 'register' && what !== 'remove') throw new UsageError(`"extension" is followed by register or remove${what === undefined ? '' : `, not by "${what}"`}.`)
      expectWords(`extension ${what}`, more, [])
      return { name, data: values.data, do: what }
    }
    default:
      throw new UsageError(`There is no command "${name}".`)
  }
}

function connectFrom(args: readonly string[]): Command {
  const { values, positionals } = parsed(args, { ...COMMON, ...CONNECT })
  if (values.help === true) return { name: 'help' }
  const [address = ''] = expectWords('connect', positionals, ['ADDRESS'])
  const given = {
    agentVm: values['agent-vm'], datacenter: values.datacenter, read: values.read, portalUrl: values.portal, adminEmail: values['admin-email'],
    storages: pairs('--storage', 'NAME=DATASTORE', values.storage), networks: pairs('--network', 'NAME=PORTGROUP', values.network),
  }
  const options = givenOptions.safeParse(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)))
  if (!options.success) throw new UsageError(`What was given is not usable. ${z.prettifyError(options.error).replaceAll('\n', ' ')}`)
  // A name alone is what people type.
  const url = address.includes('://') ? address : `https://${address}`
  return { name: 'connect', data: values.data, connect: { address: url.replace(/\/+$/, ''), user: values.user, fingerprint: values.fingerprint, passwordStdin: values['password-stdin'] === true, options: options.data } }
}

function filterFrom([what, ...words]: readonly string[], policy: string | undefined): FilterArguments {
  switch (what) {
    case 'list':
      expectWords('io-filter list', words, [])
      return { do: what }
    case 'install': {
      const [cluster = '', url = ''] = expectWords('io-filter install', words, ['CLUSTER', 'URL'])
      return { do: what, cluster, url }
    }
    case 'upgrade': {
      const [cluster = '', filter = '', url = ''] = expectWords('io-filter upgrade', words, ['CLUSTER', 'FILTER', 'URL'])
      return { do: what, cluster, filter, url }
    }
    case 'uninstall':
    case 'resolve': {
      const [cluster = '', filter = ''] = expectWords(`io-filter ${what}`, words, ['CLUSTER', 'FILTER'])
      return { do: what, cluster, filter }
    }
    case 'attach': {
      const [vm = ''] = expectWords('io-filter attach', words, ['VM'])
      if (policy === undefined) throw new UsageError('"io-filter attach" needs --policy ID, the id of the storage policy that brings the filter.')
      return { do: what, vm, policy }
    }
    case 'detach': {
      const [vm = ''] = expectWords('io-filter detach', words, ['VM'])
      return { do: what, vm }
    }
    default:
      throw new UsageError(`"io-filter" is followed by list, install, upgrade, uninstall, resolve, attach or detach${what === undefined ? '' : `, not by "${what}"`}.`)
  }
}

function parsed<T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.replace(/\. To specify a positional.*$/, '.') : String(error))
  }
}

function expectWords(command: string, given: readonly string[], wanted: readonly string[]): readonly string[] {
  if (given.length === wanted.length) return given
  const extra = given[wanted.length]
  if (extra !== undefined) throw new UsageError(`"${command}" does not take "${extra}".${wanted.length === 0 ? '' : ` It takes ${wanted.join(' ')}; put names with spaces in quotes.`}`)
  throw new UsageError(`"${command}" needs ${wanted.slice(given.length).join(' and ')}.`)
}

function pairs(option: string, form: string, given: readonly string[] | undefined): Record<string, string> | undefined {
  if (given === undefined) return undefined
  return Object.fromEntries(given.map((text) => {
    const at = text.indexOf('=')
    if (at < 1 || at === text.length - 1) throw new UsageError(`${option} takes ${form}, not "${text}".`)
    return [text.slice(0, at), text.slice(at + 1)]
  }))
}
