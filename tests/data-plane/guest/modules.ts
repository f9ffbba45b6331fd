import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

/** A kernel module as it is loaded: its name without an ending, and its content, not compressed. */
export type KernelModule = { readonly name: string; readonly content: Buffer }

/** A module is at most a few MiB. */
const MAX_MODULE_BYTES = 64 * 1024 * 1024

/** Names in file names and in modules differ by hyphens. */
const plain = (name: string): string => name.replaceAll('-', '_')

/**
 * The named modules of a kernel and all that they need, in the order in which they can be loaded. What a module needs
 * is in itself (`depends=` of its .modinfo): the index that `depmod` makes is not in Debian's package.
 */
export async function modulesInOrder(folder: string, wanted: readonly string[], busybox: string): Promise<KernelModule[]> {
  const files = new Map<string, string>()
  for (const path of await readdir(folder, { recursive: true })) {
    const name = /^(.+)\.ko(\.xz)?$/.exec(basename(path))?.[1]
    if (name !== undefined) files.set(plain(name), join(folder, path))
  }
  const order = new Map<string, KernelModule>()
  const add = async (name: string): Promise<void> => {
    if (order.has(name)) return
    const file = files.get(name)
    // What is built into the kernel has no file.
    if (file === undefined) return
    const content = await contentOf(file, busybox)
    const needs = /depends=([\w,-]*)\0/.exec(content.toString('latin1'))?.[1] ?? ''
    for (const need of needs.split(',').filter((one) => one !== '')) await add(plain(need))
    order.set(name, { name, content })
  }
  for (const name of wanted) await add(plain(name))
  return [...order.values()]
}

async function contentOf(file: string, busybox: string): Promise<Buffer> {
  if (!file.endsWith('.xz')) return readFile(file)
  return (await promisify(execFile)(busybox, ['xz', '-dc', file], { encoding: 'buffer', maxBuffer: MAX_MODULE_BYTES })).stdout
}
