import { describe, expect, test } from 'vitest'
import { atLeast } from './cluster-facts.ts'
import type { ClusterFacts, FilterFacts, HostFacts } from './cluster-facts.ts'
import { checkPreconditions } from './filter-preconditions.ts'
import type { FilterAction } from './filter-preconditions.ts'
import { stateOf } from './io-filters.ts'

const host = (name: string, change: Partial<HostFacts> = {}): HostFacts => ({ name, version: '8.0.3', connected: true, maintenance: false, filters: null, ...change })
const filter = (change: Partial<FilterFacts> = {}): FilterFacts => ({ id: 'ACME_1', name: 'acme', vendor: 'Acme', version: '1.0', filterClass: 'replication', operation: 'install', ...change })
const cluster = (change: Partial<ClusterFacts> = {}): ClusterFacts => ({
  ref: { type: 'ClusterComputeResource', value: 'domain-c1' }, name: 'Blue', kind: 'CLUSTER', evacuation: 'AUTOMATIC', imageManaged: false, hosts: [host('esx1'), host('esx2')], filters: [], ...change,
})

const bundle = { url: 'https://files.example/acme.zip', certificate: { fingerprint: 'AB:CD', issuer: 'CN=Files' } }
const install: FilterAction = { kind: 'install', bundle }
const upgrade: FilterAction = { kind: 'upgrade', filterId: 'ACME_1', bundle }
const uninstall: FilterAction = { kind: 'uninstall', filterId: 'ACME_1', disksInUse: [] }
const installed = { filters: [filter()] }
const codes = (list: readonly { code: string }[]) => list.map(({ code }) => code)

describe('a filter', () => {
  test.each<[string, Partial<ClusterFacts>, FilterAction, string, string[], string[]]>([
    ['is installed on a cluster in order', {}, install, '8.0.2.0', [], []],
    ['is installed where nobody empties hosts: nothing is running on it yet', { evacuation: 'NONE', hosts: [host('esx1')] }, install, '8.0.2.0', [], []],
    ['is upgraded', installed, upgrade, '8.0.2.0', [], []],
    ['is uninstalled', installed, uninstall, '8.0.2.0', [], []],
    ['needs its bundle’s server trusted since 8.0.3', {}, install, '8.0.3.0', [], ['BUNDLE_TRUST']],
    ['needs it for an upgrade too, and not to be removed', installed, upgrade, '9.0.0.0', [], ['BUNDLE_TRUST']],
    ['is removed without a bundle', installed, uninstall, '9.0.0.0', [], []],
    ['does not go on a host that stands alone', { kind: 'HOST', hosts: [host('esx1')] }, install, '8.0.2.0', ['NOT_A_CLUSTER'], []],
    ['does not go on a cluster without hosts', { hosts: [] }, install, '8.0.2.0', ['NO_HOSTS'], []],
    ['does not go on hosts of two versions', { hosts: [host('esx1'), host('esx2', { version: '8.0.2' })] }, install, '8.0.2.0', ['VERSIONS_DIFFER'], []],
    ['does not go on a cluster whose host is away, whatever it ran', { hosts: [host('esx1'), host('esx2', { connected: false, version: '7.0.0' })] }, install, '8.0.2.0', ['HOST_AWAY'], []],
    ['does not go on a host that is being served', { hosts: [host('esx1'), host('esx2', { maintenance: true })] }, install, '8.0.2.0', ['HOST_IN_MAINTENANCE'], []],
    ['goes on an image-managed cluster of 8', { imageManaged: true }, install, '8.0.2.0', [], []],
    ['goes on one of 9 by its image alone', { imageManaged: true }, install, '9.0.0.0', ['IMAGE_MANAGED'], ['BUNDLE_TRUST']],
    ['is not taken from a server without https', {}, { kind: 'install', bundle: { url: 'http://files.example/acme.zip', certificate: null } }, '8.0.2.0', ['BUNDLE_ADDRESS'], []],
    ['is not taken from an address with a password', {}, { kind: 'install', bundle: { url: 'https://u:secret@files.example/acme.zip', certificate: null } }, '8.0.2.0', ['BUNDLE_ADDRESS'], []],
    ['is not taken from no address', {}, { kind: 'install', bundle: { url: 'acme.zip', certificate: null } }, '8.0.2.0', ['BUNDLE_ADDRESS'], []],
    ['is not taken from a server that is not there', {}, { kind: 'install', bundle: { ...bundle, certificate: null } }, '8.0.2.0', ['BUNDLE_UNREACHABLE'], []],
    ['is installed beside another of its class, but a disk takes one', installed, install, '8.0.2.0', [], ['SAME_CLASS']],
    ['is installed beside one of another class', { filters: [filter({ filterClass: 'cache' })] }, install, '8.0.2.0', [], []],
    ['that is not there is not upgraded', {}, upgrade, '8.0.2.0', ['FILTER_UNKNOWN'], []],
    ['that is not there is not removed', {}, uninstall, '8.0.2.0', ['FILTER_UNKNOWN'], []],
    ['is not upgraded where nobody empties hosts', { ...installed, evacuation: 'NONE' }, upgrade, '8.0.2.0', ['NO_EVACUATION'], []],
    ['is not removed where VMs have nowhere to go', { ...installed, hosts: [host('esx1')] }, uninstall, '8.0.2.0', ['ONE_HOST'], []],
    ['waits for a person where DRS asks', { ...installed, evacuation: 'MANUAL' }, uninstall, '8.0.2.0', [], ['MANUAL_EVACUATION']],
    ['is not removed while disks use it', installed, { ...uninstall, disksInUse: ['db-1', 'db-1', 'web-1'] }, '8.0.2.0', ['FILTER_IN_USE'], []],
    ['is refused for every reason at once', { evacuation: 'NONE', hosts: [host('esx1', { maintenance: true }), host('esx2', { connected: false })] }, uninstall, '8.0.2.0', ['HOST_AWAY', 'HOST_IN_MAINTENANCE', 'FILTER_UNKNOWN', 'NO_EVACUATION'], []],
  ])('%s', (_, change, action, version, refusals, remarks) => {
    const checked = checkPreconditions(cluster(change), action, version)
    expect([codes(checked.refusals), codes(checked.remarks)]).toEqual([refusals, remarks])
  })

  test('is refused in words that say what, where, and what to do, and never hold a password', () => {
    const words = (change: Partial<ClusterFacts>, action: FilterAction) => checkPreconditions(cluster(change), action, '8.0.2.0').refusals.map(({ message }) => message).join('\n')
    expect(words({ hosts: [host('esx1'), host('esx2', { version: '8.0.2' })] }, install)).toBe('The hosts of Blue run different versions of ESXi: 8.0.3 on esx1, 8.0.2 on esx2. Bring all of them to one.')
    expect(words(installed, { ...uninstall, disksInUse: ['db-1', 'db-1', 'web-1'] })).toBe('The filter is on 3 disks, of db-1, web-1. Detach it from them first.')
    expect(words({}, { kind: 'install', bundle: { url: 'https://u:secret@files.example/acme.zip', certificate: null } })).not.toContain('secret')
    expect(words({ filters: [filter({ id: 'OTHER' })] }, uninstall)).toBe('There is no filter "ACME_1" on Blue. There are: OTHER.')
  })

  test.each<[string, Partial<HostFacts>, Partial<FilterFacts>, boolean, string]>([
    ['is on every host', { filters: ['ACME_1'] }, {}, false, 'INSTALLED'],
    ['is on hosts that do not say', {}, {}, false, 'INSTALLED'],
    ['is not on every host yet', { filters: [] }, {}, false, 'INSTALLING'],
    ['is not there in its new version yet', { filters: [] }, { operation: 'upgrade' }, false, 'UPGRADING'],
    ['is on its way out', { filters: ['ACME_1'] }, { operation: 'uninstall' }, false, 'UNINSTALLING'],
    ['has an issue', { filters: ['ACME_1'] }, {}, true, 'FAILED'],
  ])('%s', (_, change, about, issues, state) => {
    expect(stateOf(cluster({ hosts: [host('esx1', { filters: ['ACME_1'] }), host('esx2', change)] }), filter(about), issues)).toBe(state)
  })
})

test.each([['8.0.3.0', [8, 0, 3], true], ['8.0.3', [8, 0, 3], true], ['8.0.2.0', [8, 0, 3], false], ['8.0.10', [8, 0, 3], true], ['9', [8, 0, 3], true], ['7.0', [7, 0], true], ['6.7.3', [7, 0], false]])('%s is at least %j: %s', (version, wanted, is) => {
  expect(atLeast(version, wanted)).toBe(is)
})
