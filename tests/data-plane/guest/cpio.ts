/** One entry of an archive; paths are relative, without a leading slash, folders before what is in them. */
export type CpioEntry = { readonly path: string } & ({ readonly kind: 'file'; readonly content: Buffer; readonly executable: boolean } | { readonly kind: 'folder' })

const FOLDER = 0o040755
const PLAIN_FILE = 0o100644
const PROGRAM = 0o100755

/** Headers and contents begin at multiples of four bytes. */
const padded = (part: Buffer): Buffer => Buffer.concat([part, Buffer.alloc((4 - (part.length % 4)) % 4)])

/** Fields in the order of the format: eight hexadecimal digits each. Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst. */
function member(inode: number, path: string, mode: number, links: number, content: Buffer): Buffer {
  const name = Buffer.from(`${path}\0`)
  const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, name.length, 0]
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), name])), padded(content)])
}

/** An archive in cpio's "newc" format, which Linux unpacks as its first root file system. */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const members = entries.map((entry, at) =>
    entry.kind === 'folder' ? member(at + 1, entry.path, FOLDER, 2, Buffer.alloc(0)) : member(at + 1, entry.path, entry.executable ? PROGRAM : PLAIN_FILE, 1, entry.content),
  )
  return Buffer.concat([...members, member(0, 'TRAILER!!!', 0, 1, Buffer.alloc(0))])
}
