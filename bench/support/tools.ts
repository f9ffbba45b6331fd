import { findOnPath, runCommand } from '@driftless/launch/setup/command.ts'
import { Refusal } from '@driftless/launch/setup/failure.ts'
import { searchPath } from './env.ts'

/** The tools that we are measured beside, and the Debian package that each comes with. */
const PACKAGES = {
  nbdkit: 'nbdkit',
  nbdcopy: 'libnbd-bin',
  nbdinfo: 'libnbd-bin',
  'qemu-img': 'qemu-utils',
  'qemu-nbd': 'qemu-utils',
  'qemu-io': 'qemu-utils',
  'qemu-storage-daemon': 'qemu-system-common',
  fio: 'fio',
  dd: 'coreutils',
} as const
export type ToolName = keyof typeof PACKAGES

/** The path of a tool on this machine. Throws a `Refusal` that says which Debian package brings it. */
export function findTool(name: ToolName): string {
  const path = findOnPath([name], searchPath)
  if (path === null) throw new Refusal(`This measurement compares with ${name}, which is not on the PATH. On Debian: apt install ${PACKAGES[name]}`)
  return path
}

/** Finds several at once, so that all that is missing is said in one go. */
export function findTools<Name extends ToolName>(...names: Name[]): Record<Name, string> {
  const missing = names.filter((name) => findOnPath([name], searchPath) === null)
  if (missing.length > 0) throw new Refusal(`This measurement compares with ${missing.join(', ')}, not on the PATH. On Debian: apt install ${[...new Set(missing.map((name) => PACKAGES[name]))].join(' ')}`)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys are `names`, which fromEntries does not tell
  return Object.fromEntries(names.map((name) => [name, findTool(name)])) as Record<Name, string>
}

/** What the tool says of its own version, in a few words; 'absent' when it is not there. */
export async function versionOf(name: ToolName): Promise<string> {
  if (findOnPath([name], searchPath) === null) return 'absent'
  const { output } = await runCommand(findTool(name), ['--version'])
  return /\d+\.\d+(\.\d+)*/.exec(output)?.[0] ?? 'unknown'
}
