import { createCipheriv } from 'node:crypto'
import { open } from 'node:fs/promises'
import { runCommand } from '@driftless/launch/setup/command.ts'
import { hashDevice } from '../../apps/agent/src/block/content.ts'
import { openFileDevice } from '@driftless/nbd'

const MIB = 1024 * 1024
/** Data and holes take turns in stretches of this length, as files on a disk do. */
const STRETCH_BYTES = MIB
/** Of content that compresses, every other piece of this length does not. */
const PIECE_BYTES = 16 * 1024

/** Endless bytes that nothing compresses, the same for the same seed. */
export class Noise {
  readonly #cipher
  readonly #zeroes = Buffer.alloc(STRETCH_BYTES)

  constructor(seed: number) {
    const key = Buffer.alloc(16)
    key.writeDoubleBE(seed)
    this.#cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16))
  }

  /** The next bytes, at most a stretch. */
  next(bytes: number): Buffer {
    return this.#cipher.update(this.#zeroes.subarray(0, bytes))
  }
}

/** What a server's log says over and over; `#` stands for a number that differs. */
const MESSAGES = [
  'systemd[1]: Started session-#.scope - Session # of user postgres.',
  'sshd[#]: Accepted publickey for deploy from 10.20.0.# port # ssh2: ED25519',
  'postgres[#]: LOG:  checkpoint complete: wrote # buffers (0.#%); # WAL file(s) added, 0 removed, # recycled',
  'nginx[#]: 10.20.0.# - - "GET /api/orders/# HTTP/1.1" 200 # "-" "Mozilla/5.0 (X11; Linux x86_64)"',
  'nginx[#]: 10.20.0.# - - "POST /api/orders HTTP/1.1" 201 # "-" "okhttp/4.12.0"',
  'CRON[#]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)',
]

/** A stretch of a log file, all of its lines different. */
function logText(bytes: number, noise: Noise): Buffer {
  const lines: string[] = []
  for (let length = 0; length < bytes; ) {
    const random = noise.next(16)
    let at = 0
    const message = MESSAGES[random.readUInt16BE(0) % MESSAGES.length] ?? ''
    const line = `Nov 25 20:45:07 host-1 ${message.replaceAll('#', () => String(random.readUInt16BE((at += 2)) % 10_000))}\n`
    lines.push(line)
    length += line.length
  }
  return Buffer.from(lines.join('').slice(0, bytes), 'latin1')
}

/** Content as a guest's: half of it as it comes from a log, half like compressed files; or all of it the latter. */
export function contentOf(bytes: number, noise: Noise, compressible: boolean): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes; at += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES, bytes - at)
    const noisy = compressible ? length >> 1 : length
    pieces.push(noise.next(noisy), logText(length - noisy, noise))
  }
  return Buffer.concat(pieces)
}

/** A raw disk as a sparse file: the first `filledShare` of every two stretches' worth of disk is data, the rest holes. */
export async function makeDisk(path: string, options: { sizeBytes: number; filledShare: number; compressible: boolean; seed: number }): Promise<void> {
  const noise = new Noise(options.seed)
  const file = await open(path, 'wx')
  try {
    await file.truncate(options.sizeBytes)
    const every = Math.round(STRETCH_BYTES / options.filledShare)
    for (let at = 0; at + STRETCH_BYTES <= options.sizeBytes; at += every) await file.write(contentOf(STRETCH_BYTES, noise, options.compressible), 0, STRETCH_BYTES, at)
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** A copy with its holes, on the disk before it returns: nothing of it is written later, while something is measured. */
export async function copyDisk(from: string, to: string): Promise<void> {
  const { code, output } = await runCommand('cp', ['--sparse=always', from, to])
  if (code !== 0) throw new Error(`${from} could not be copied: ${output.trim()}`)
  const file = await open(to, 'r+')
  await file.datasync()
  await file.close()
}

/** Throws unless both files hold the same bytes; read back from the files themselves. */
export async function requireIdentical(sourcePath: string, targetPath: string): Promise<void> {
  const [ours, theirs] = await Promise.all([sourcePath, targetPath].map(async (path) => {
    const device = await openFileDevice(path, { readOnly: true })
    try {
      return await hashDevice(device, new AbortController().signal)
    } finally {
      await device.close()
    }
  }))
  if (ours !== theirs) throw new Error(`${targetPath} differs from ${sourcePath}: the copy is wrong, the figures mean nothing.`)
}
