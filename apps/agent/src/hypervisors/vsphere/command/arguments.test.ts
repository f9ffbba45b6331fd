import { describe, expect, test } from 'vitest'
import { parseCommand } from './arguments.ts'
import { UsageError } from './refusal.ts'

const connect = (...args: string[]) => parseCommand(['connect', 'vcenter.example', ...args])

describe('what is typed', () => {
  test.each([[[]], [['help']], [['--help']], [['connect', '-h']], [['io-filter', '--help']], [['extension', '--help']]])('%j asks for help', (args) => {
    expect(parseCommand(args)).toEqual({ name: 'help' })
  })

  test.each([['vcenter.example', 'https://vcenter.example'], ['https://vcenter.example/', 'https://vcenter.example'], ['https://10.0.0.1:8443', 'https://10.0.0.1:8443']])('the address %s is %s', (given, address) => {
    expect(parseCommand(['connect', given])).toMatchObject({ connect: { address } })
  })

  test('what connect is not told stays open, so that it can stay as it was', () => {
    expect(connect()).toEqual({ name: 'connect', data: undefined, connect: { address: 'https://vcenter.example', user: undefined, fingerprint: undefined, passwordStdin: false, options: {} } })
  })

  test('every option of connect', () => {
    const given = connect('--user', 'u', '--agent-vm', 'agent', '--datacenter', 'DC', '--storage', 'fast=ds=1', '--storage', 'slow=ds2', '--network', 'lan=VM Network', '--read', 'hot-add', '--portal', 'https://portal.example', '--admin-email', 'a@b.example', '--fingerprint', 'AB', '--password-stdin', '--data', '/d')
    expect(given).toEqual({
      name: 'connect', data: '/d',
      connect: {
        address: 'https://vcenter.example', user: 'u', fingerprint: 'AB', passwordStdin: true,
        options: { agentVm: 'agent', datacenter: 'DC', storages: { fast: 'ds=1', slow: 'ds2' }, networks: { lan: 'VM Network' }, read: 'hot-add', portalUrl: 'https://portal.example', adminEmail: 'a@b.example' },
      },
    })
  })

  test.each([
    ['io-filter list', { do: 'list' }],
    ['io-filter install C https://f/x.zip', { do: 'install', cluster: 'C', url: 'https://f/x.zip' }],
    ['io-filter upgrade C id https://f/x.zip', { do: 'upgrade', cluster: 'C', filter: 'id', url: 'https://f/x.zip' }],
    ['io-filter uninstall C id', { do: 'uninstall', cluster: 'C', filter: 'id' }],
    ['io-filter resolve C id', { do: 'resolve', cluster: 'C', filter: 'id' }],
    ['io-filter attach db-1 --policy p', { do: 'attach', vm: 'db-1', policy: 'p' }],
    ['io-filter detach db-1', { do: 'detach', vm: 'db-1' }],
  ])('%s', (line, filter) => {
    expect(parseCommand(line.split(' '))).toEqual({ name: 'io-filter', data: undefined, yes: false, filter })
  })

  test.each([
    [['frob'], 'There is no command "frob".'],
    [['connect'], '"connect" needs ADDRESS.'],
    [['connect', 'a', 'b'], '"connect" does not take "b". It takes ADDRESS'],
    [['connect', 'a', '--frob'], "Unknown option '--frob'."],
    [['connect', 'a', '--storage', 'fast'], '--storage takes NAME=DATASTORE, not "fast".'],
    [['connect', 'a', '--network', '=x'], '--network takes NAME=PORTGROUP'],
    [['connect', 'a', '--read', 'tape'], 'What was given is not usable.'],
    [['connect', 'a', '--portal', 'ftp://x'], 'What was given is not usable.'],
    [['status', 'now'], '"status" does not take "now".'],
    [['io-filter'], '"io-filter" is followed by list, '],
    [['io-filter', 'install', 'C'], '"io-filter install" needs URL.'],
    [['io-filter', 'attach', 'db-1'], 'needs --policy ID'],
    [['extension'], '"extension" is followed by register or remove.'],
  ])('%j is refused, with what would be right', (args, message) => {
    expect(() => parseCommand(args)).toThrow(UsageError)
    expect(() => parseCommand(args)).toThrow(message)
  })
})
