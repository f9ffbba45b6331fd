import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { readFile } from 'node:fs/promises'
import { versionOf } from './tools.ts'

const GIB = 1024 ** 3

/** What the figures were seen on, in one line. */
export async function describeMachine(): Promise<string> {
  const [nbdkit, libnbd, qemu, fio] = await Promise.all([versionOf('nbdkit'), versionOf('nbdcopy'), versionOf('qemu-img'), versionOf('fio')])
  const system = /^PRETTY_NAME="?([^"\n]*)/m.exec(await readFile('/etc/os-release', 'utf8').catch(() => ''))?.[1] ?? process.platform
  return [
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? process.arch})`, `${(totalmem() / GIB).toFixed(1)} GiB`, `${system}, kernel ${release()}`,
    `Node ${process.versions.node}`, `nbdkit ${nbdkit}`, `libnbd ${libnbd}`, `QEMU ${qemu}`, `fio ${fio}`,
  ].join(' · ')
}
