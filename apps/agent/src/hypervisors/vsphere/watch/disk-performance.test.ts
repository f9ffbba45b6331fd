import { describe, expect, test } from 'vitest'
import { answer, faultAnswer, refXml, scriptedVim } from '@driftless/vim25/testing'
import type { Asked } from '@driftless/vim25/testing'
import { DiskPerformance } from './disk-performance.ts'
import type { MeasuredVm } from './disk-performance.ts'

const described = (tag: string, key: string) => `<${tag}><label>${key}</label><summary>${key}</summary><key>${key}</key></${tag}>`
const counter = (key: number, name: string, rollup = 'average') => `<PerfCounterInfo><key>${key}</key>${described('nameInfo', name)}${described('groupInfo', 'virtualDisk')}${described('unitInfo', 'number')}<rollupType>${rollup}</rollupType><statsType>rate</statsType></PerfCounterInfo>`
const COUNTERS = counter(178, 'read') + counter(179, 'write') + counter(180, 'write', 'maximum') + counter(181, 'numberWriteAveraged') + counter(182, 'totalWriteLatency')

const at = (second: number) => new Date(Date.UTC(2026, 10, 28, 12, 0, second))
const series = (counterId: number, instance: string, values: readonly number[]) => `<value xsi:type="PerfMetricIntSeries"><id><counterId>${counterId}</counterId><instance>${instance}</instance></id>${values.map((value) => `<value>${value}</value>`).join('')}</value>`
const metric = (vm: string, seconds: readonly number[], ...all: string[]) =>
  `<returnval xsi:type="PerfEntityMetric">${refXml('entity', 'VirtualMachine', vm)}${seconds.map((second) => `<sampleInfo><timestamp>${at(second).toISOString()}</timestamp><interval>20</interval></sampleInfo>`).join('')}${all.join('')}</returnval>`

function performance(say: (times: number, asked: Asked) => string) {
  const vim = scriptedVim((method, times, asked) => {
    if (method === 'QueryPerf') return say(times, asked)
    return answer(method, `<returnval><objects>${refXml('obj', 'PerformanceManager', 'PerformanceManager')}<propSet><name>perfCounter</name><val xsi:type="ArrayOfPerfCounterInfo">${COUNTERS}</val></propSet></objects></returnval>`)
  })
  return { disks: new DiskPerformance({ use: (work) => work(vim) }), asked: (method: string) => vim.asked.filter((one) => one.method === method) }
}

const vmOf = (value: string): MeasuredVm => ({ ref: { type: 'VirtualMachine', value }, instances: new Map([['scsi0:0', 2000], ['scsi0:1', 2001]]) })

describe('what disks are written', () => {
  test('is told by device key, in bytes and writes of an interval', async () => {
    const { disks, asked } = performance(() => answer('QueryPerf', metric('vm-1', [20], series(179, 'scsi0:0', [1000]), series(181, 'scsi0:0', [50]), series(182, 'scsi0:0', [3]), series(179, 'scsi0:1', [0]), series(181, 'scsi0:1', [0]), series(182, 'scsi0:1', [0]), series(179, 'scsi1:0', [9]))))
    const common = { vm: 'vm-1', atMs: at(20).getTime(), seconds: 20 }
    expect(await disks.read([vmOf('vm-1')])).toEqual([
      { ...common, deviceKey: 2000, writtenBytes: 1000 * 1024 * 20, writes: 1000, latencyMs: 3 },
      { ...common, deviceKey: 2001, writtenBytes: 0, writes: 0, latencyMs: null },
    ])
    expect(asked('QueryPerf')[0]?.request).toMatch(/<maxSample>1<\/maxSample>(<metricId[^>]*><counterId>\d+<\/counterId><instance>\*<\/instance><\/metricId>){3}<intervalId>20<\/intervalId>/)
  })

  test('is told once, in order, however late it is asked for; the numbers of counters are looked up once', async () => {
    const pages = [metric('vm-1', [20], series(179, 'scsi0:0', [1])), metric('vm-1', [20, 40, 60], series(179, 'scsi0:0', [1, 2, 3]))]
    const { disks, asked } = performance((times) => answer('QueryPerf', pages[times]))
    expect(await disks.read([vmOf('vm-1')])).toHaveLength(1)
    expect((await disks.read([vmOf('vm-1')])).map(({ atMs, writtenBytes }) => [atMs, writtenBytes])).toEqual([[at(40).getTime(), 40_960], [at(60).getTime(), 61_440]])
    expect(asked('QueryPerf')[1]?.request).toContain(`<startTime>${at(20).toISOString()}</startTime>`)
    expect(asked('RetrievePropertiesEx')).toHaveLength(1)
  })

  test('is left out where the host could not measure it', async () => {
    const { disks } = performance(() => answer('QueryPerf', metric('vm-1', [20, 40], series(179, 'scsi0:0', [-1, 5]), series(182, 'scsi0:0', [-1, -1]))))
    expect(await disks.read([vmOf('vm-1')])).toMatchObject([{ atMs: at(40).getTime(), latencyMs: null }])
  })

  test('of 120 VMs takes three calls, and VMs that are off say nothing', async () => {
    const { disks, asked } = performance(() => answer('QueryPerf'))
    expect(await disks.read(Array.from({ length: 120 }, (_, index) => vmOf(`vm-${index}`)))).toEqual([])
    expect(asked('QueryPerf').map(({ request }) => request.split('</entity>').length - 1)).toEqual([50, 50, 20])
  })

  test('of a VM that was removed does not stand in the others’ way', async () => {
    const { disks } = performance((times) => (times === 0 ? faultAnswer('ManagedObjectNotFound', 'gone', refXml('obj', 'VirtualMachine', 'vm-2')) : answer('QueryPerf', metric('vm-1', [20], series(179, 'scsi0:0', [1])))))
    expect(await disks.read([vmOf('vm-1'), vmOf('vm-2')])).toMatchObject([{ vm: 'vm-1' }])
  })

  test('that is refused for its counters looks them up again the next time', async () => {
    const { disks, asked } = performance((times) => (times === 0 ? faultAnswer('InvalidArgument', 'A specified parameter was not correct: querySpec.metricId') : answer('QueryPerf')))
    await expect(disks.read([vmOf('vm-1')])).rejects.toMatchObject({ fault: 'InvalidArgument' })
    await disks.read([vmOf('vm-1')])
    expect(asked('RetrievePropertiesEx')).toHaveLength(2)
  })
})
