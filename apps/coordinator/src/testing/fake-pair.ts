import type { DesiredSource, DesiredTarget, SourceObserved, TargetObserved } from '@driftless/agent-api'
import { fakeHash, reportOf } from './fake-agent.ts'
import type { FakeAgent } from './fake-agent.ts'

/** How a fake pair misbehaves. */
export type Quirks = { readonly corruptTarget?: boolean; readonly brokenGuest?: boolean; readonly lostRecords?: number; readonly refuseShutdown?: boolean; readonly poweredOff?: boolean; readonly loseTest?: boolean; readonly refuseHandBack?: boolean; readonly corruptReturn?: boolean; /** The code with which the target refuses the devices that lie on this place. */ readonly refuseSeed?: { readonly code: string; readonly place: string } }

const LAST_WRITE_AT_MS = 1_800_000_000_000
const DOWNTIME_MS = 1_500
const SEQUENCE = 42

/** What a source agent would report once it has done what is desired. */
export function observeSource(desired: DesiredSource, quirks: Quirks = {}): SourceObserved {
  const final = desired.stage === 'FINAL'
  const refused = final && quirks.refuseShutdown === true
  const takingBack = desired.stage === 'TAKE_BACK'
  const carried = desired.seed != null && desired.seed.step !== 'CATCH_UP'
  const off = (final && !refused) || desired.stage === 'RELEASE' || desired.stage === 'REVERSE' || takingBack
  return {
    migrationId: desired.migrationId, stage: desired.stage, attempt: desired.attempt, connected: !carried,
    disks: desired.disks.map((disk) => ({
      key: disk.key, status: carried ? 'SEEDING' : 'CONTINUOUS', sizeBytes: disk.sizeBytes, backgroundDoneBytes: disk.sizeBytes, backgroundTotalBytes: disk.sizeBytes,
      foregroundDoneBytes: 4096, foregroundLeftBytes: 0, sentBytes: 2048, behindSinceMs: null,
    })),
    guest: { power: off ? 'OFF' : 'ON', health: 'HEALTHY', healthDetail: null, acknowledgedSequence: SEQUENCE, sequenceAtBoot: 0, firstWriteAtMs: LAST_WRITE_AT_MS - 60_000, lastWriteAtMs: LAST_WRITE_AT_MS },
    sourceOffAtMs: off ? LAST_WRITE_AT_MS + 200 : null,
    finalSyncAtMs: off ? LAST_WRITE_AT_MS + 400 : null,
    poweredOff: final && quirks.poweredOff === true ? { atMs: LAST_WRITE_AT_MS + 100, agreedBy: 'Anna Keller' } : null,
    hashes: off ? desired.disks.map((disk) => ({ key: disk.key, hash: fakeHash(disk.key + (takingBack ? ' as handed back' : '') + (takingBack && quirks.corruptReturn ? ' bit rot' : '')), sizeBytes: disk.sizeBytes })) : null,
    problem: refused ? { code: 'SHUTDOWN_REFUSED', message: 'The guest did not shut down within its time.' } : null,
    test: desired.test ? { id: desired.test.id, point: { moment: 7, takenAtMs: LAST_WRITE_AT_MS, heldMs: 12, acknowledgedSequence: SEQUENCE }, problem: null } : null,
    seed: observeSourceSeed(desired),
  }
}

/** The seed is whole as soon as it is asked for: 512 KiB of data, one device a place. */
function observeSourceSeed({ seed, disks, migrationId }: DesiredSource): SourceObserved['seed'] {
  if (!seed) return null
  const totalBytes = disks.reduce((sum, disk) => sum + disk.sizeBytes / 2, 0)
  return {
    shipmentId: seed.shipmentId, state: 'EXPORTED', doneBytes: totalBytes, totalBytes, storedBytes: totalBytes / 2, dirtyBytes: 8_192, manifestHash: fakeHash(`manifest of ${migrationId}`), exportedAtMs: LAST_WRITE_AT_MS, problem: null,
    devices: seed.places.map((place) => ({ place, deviceId: `device of ${place}`, storedBytes: totalBytes / 2 / seed.places.length })),
  }
}

function observeTargetSeed({ seed, shape, migrationId }: DesiredTarget, { refuseSeed }: Quirks): TargetObserved['seed'] {
  if (!seed) return null
  const totalBytes = shape.disks.reduce((sum, disk) => sum + disk.sizeBytes / 2, 0)
  const refused = seed.step === 'IMPORT' && refuseSeed !== undefined && seed.places.includes(refuseSeed.place)
  const imported = seed.step === 'KEEP' || (seed.step === 'IMPORT' && !refused)
  return {
    shipmentId: seed.shipmentId, state: imported ? 'IMPORTED' : 'WAITING', doneBytes: imported ? totalBytes : 0, totalBytes, damagedChunks: imported ? 1 : 0, damagedBytes: imported ? 65_536 : 0,
    manifestHash: imported ? fakeHash(`manifest of ${migrationId}`) : null, importedAtMs: imported ? LAST_WRITE_AT_MS + 60_000 : null, problem: refused ? { code: refuseSeed.code, message: `The device at ${refuseSeed.place} cannot be read for this shipment.` } : null,
  }
}

/** What a target agent would report once it has done what is desired. */
export function observeTarget(desired: DesiredTarget, quirks: Quirks = {}): TargetObserved {
  // Past VERIFY it has forgotten its hashes, as an agent that was restarted has: the proof must not rest on its memory.
  const verified = desired.stage === 'VERIFY'
  const handing = desired.stage === 'HAND_BACK'
  const refused = handing && quirks.refuseHandBack === true
  const handed = handing && !refused
  const booted = ['BOOT', 'ACCEPT', 'REVERSE', 'HAND_BACK'].includes(desired.stage)
  return {
    migrationId: desired.migrationId, stage: desired.stage, attempt: desired.attempt, connected: true, storedBytes: 1024,
    hashes: verified || handed ? desired.shape.disks.map((disk) => ({ key: disk.key, hash: fakeHash(disk.key + (handed ? ' as handed back' : '') + (quirks.corruptTarget ? ' bit rot' : '')), sizeBytes: disk.sizeBytes })) : null,
    shadow: booted
      ? {
          power: handed ? 'OFF' : 'ON', health: quirks.brokenGuest ? 'BROKEN' : 'HEALTHY', healthDetail: quirks.brokenGuest ? 'record 7 has a wrong checksum' : null,
          acknowledgedSequence: SEQUENCE + 1, sequenceAtBoot: desired.acknowledgedSequence - (quirks.lostRecords ?? 0), firstWriteAtMs: LAST_WRITE_AT_MS + DOWNTIME_MS, lastWriteAtMs: LAST_WRITE_AT_MS + DOWNTIME_MS,
        }
      : null,
    problem: refused ? { code: 'SHUTDOWN_REFUSED', message: 'The guest did not shut down within its time.' } : null,
    wayBack: handing || desired.stage === 'REVERSE' ? { connected: true, leftBytes: 0, sentBytes: 1, behindSinceMs: null, shadowOffAtMs: handed ? LAST_WRITE_AT_MS : null, finalSyncAtMs: handed ? LAST_WRITE_AT_MS : null } : null,
    test: observeTest(desired.test ?? null, quirks),
    seed: observeTargetSeed(desired, quirks),
  }
}

function observeTest(test: DesiredTarget['test'] | null, quirks: Quirks): TargetObserved['test'] {
  if (!test) return null
  if (test.point && quirks.loseTest) return { id: test.id, state: 'LOST', guest: null, usedBytes: 0, problem: { code: 'TEST_LOST', message: 'The target agent was started anew.' } }
  if (!test.point) return { id: test.id, state: 'WAITING', guest: null, usedBytes: 0, problem: null }
  const found = test.point.acknowledgedSequence - (quirks.lostRecords ?? 0)
  return {
    id: test.id, state: 'BOOTED', usedBytes: 4096, problem: null,
    guest: { power: 'ON', health: quirks.brokenGuest ? 'BROKEN' : 'HEALTHY', healthDetail: quirks.brokenGuest ? 'record 7 has a wrong checksum' : null, acknowledgedSequence: found, sequenceAtBoot: found, firstWriteAtMs: null, lastWriteAtMs: null },
  }
}

/** Where either side keeps seeds, and keys that nobody uses. */
export function seeds(role: FakeAgent['role']) {
  const place = (name: string) => ({ name, freeBytes: 4e12, totalBytes: 8e12, shipmentIds: [] })
  return { seedPlaces: role === 'SOURCE' ? [place('usb-1'), place('usb-2')] : [place('bay-1'), place('bay-2')], seedKeys: { recipient: Buffer.from(`recipient ${role}`).toString('base64'), signer: Buffer.from(`signer ${role}`).toString('base64') } }
}

/**
 * Keeps two fake agents doing at once whatever is desired, until stopped. `quirks` answers how the pair misbehaves for a
 * migration's attempt. `stages` collects what was desired, in order.
 */
export function playPair(agents: { readonly source: FakeAgent; readonly target: FakeAgent }, quirks: (migrationId: string, attempt: number) => Quirks = () => ({})) {
  const stages: string[] = []
  let stopped = false
  const note = (text: string) => stages.at(-1) === text || stages.push(text)
  async function loop(agent: FakeAgent): Promise<void> {
    let version: string | null = null
    while (!stopped) {
      const desired = await agent.calls.desired({ haveVersion: version, waitSeconds: 1 })
      version = desired.version
      for (const source of desired.sources) note(`source ${source.stage} ${source.attempt}${source.seed ? ` ${source.seed.step}` : ''}`)
      for (const target of desired.targets) note(`target ${target.stage} ${target.attempt}${target.seed ? ` ${target.seed.step}` : ''}`)
      await agent.calls.report(reportOf({
        desiredVersion: version,
        sources: desired.sources.map((source) => observeSource(source, quirks(source.migrationId, source.attempt))),
        targets: desired.targets.map((target) => observeTarget(target, quirks(target.migrationId, target.attempt))),
        ...seeds(agent.role),
        ...(agent.role === 'TARGET' ? { stream: { host: '127.0.0.1', port: 4603 }, storage: { freeBytes: 1e12, totalBytes: 2e12 } } : {}),
      }))
    }
  }
  const loops = Promise.all([loop(agents.source), loop(agents.target)])
  // Awaited by `stop`; until then a failure must not be an unhandled one.
  loops.catch(() => {})
  return {
    stages,
    stop: async () => {
      stopped = true
      await loops
    },
  }
}
