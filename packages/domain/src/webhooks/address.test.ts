import { describe, expect, it } from 'vitest'
import { judgeAddress, parseNetwork } from './address.ts'
import type { Network } from './address.ts'

const networks = (...texts: string[]): Network[] => texts.map((text) => parseNetwork(text) ?? (() => { throw new Error(text) })())

describe('judgeAddress', () => {
  it.each(['8.8.8.8', '1.1.1.1', '93.184.216.34', '172.15.255.255', '172.32.0.1', '100.63.255.255', '100.128.0.1', '2606:4700:4700::1111', '2001:4860:4860::8888', '64:ff9b::8.8.8.8', '::ffff:8.8.8.8'])('lets %s through', (address) => {
    expect(judgeAddress(address, [])).toBe('PUBLIC')
  })

  it.each([
    ['private', ['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1']],
    ['loopback', ['127.0.0.1', '127.255.255.254', '::1']],
    ['link-local', ['169.254.0.1', '169.254.169.254', 'fe80::1', 'febf::1', 'fe80::1%eth0']],
    ['unique local, site-local', ['fc00::1', 'fdff::1', 'fec0::1']],
    ['shared between customers of a carrier', ['100.64.0.1', '100.127.255.255']],
    ['multicast and broadcast', ['224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1']],
    ['unspecified', ['0.0.0.0', '0.1.2.3', '::']],
    ['reserved, documentation, benchmarks', ['192.0.0.1', '192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '240.0.0.1', '192.88.99.1', '2001:db8::1', '2001:2::1', '3fff::1', '100::1', '5f00::1', '4000::1', 'e000::1']],
    ['IPv4 mapped', ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::ffff:169.254.169.254']],
    ['IPv4 compatible', ['::127.0.0.1', '::7f00:1', '::a00:1']],
    ['IPv4 translated', ['::ffff:0:127.0.0.1', '::ffff:0:a00:1']],
    ['NAT64', ['64:ff9b::127.0.0.1', '64:ff9b::a00:1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::7f00:1', '64:ff9b:1:ffff::a00:1']],
    ['6to4', ['2002:7f00:1::', '2002:a00:1::1', '2002:a9fe:a9fe::', '2002:808:808::1']],
    ['Teredo', ['2001::1', '2001:0:7f00:1::']],
    ['metadata of clouds', ['169.254.169.254', '169.254.170.2', '100.100.100.200', '192.0.0.192', 'fd00:ec2::254', '168.63.129.16']],
    ['no address', ['', 'localhost', '127.1', '0x7f000001', '2130706433', '0177.0.0.1', '1.2.3', '1.2.3.4.5', '[::1]', '256.1.1.1']],
  ])('refuses what is %s', (_, addresses) => {
    expect(addresses.filter((address) => judgeAddress(address, []) !== 'REFUSED')).toEqual([])
  })

  it('allows what was allowed, in any form, and never metadata', () => {
    const allowed = networks('10.0.0.0/8', '127.0.0.1', 'fd12::/16', '169.254.0.0/16')
    expect(['10.1.2.3', '127.0.0.1', '::ffff:10.1.2.3', '64:ff9b::a01:203', 'fd12::1', '169.254.1.1'].map((address) => judgeAddress(address, allowed))).toEqual(Array.from({ length: 6 }, () => 'ALLOWED'))
    expect(['11.0.0.1', '8.8.8.8'].map((address) => judgeAddress(address, allowed))).toEqual(['PUBLIC', 'PUBLIC'])
    expect(['127.0.0.2', '192.168.0.1', 'fd13::1', '169.254.169.254', '::ffff:169.254.169.254', '::1'].filter((address) => judgeAddress(address, allowed) !== 'REFUSED')).toEqual([])
    expect(judgeAddress('169.254.169.254', networks('0.0.0.0/0', '::/0'))).toBe('REFUSED')
  })
})

it.each(['', '10.0.0.0/33', '10.0.0/8', 'localhost', '10', '::/129'])('knows that %s is no network', (text) => expect(parseNetwork(text)).toBeNull())
