/** A real mail server in this process, which keeps what it is given. */
import { SMTPServer } from 'smtp-server'

export type Delivered = { to: string[]; from: string; source: string }

/** Starts it on a free port of this machine. `accept`: false refuses every mail. */
export async function startSmtpServer() {
  const delivered: Delivered[] = []
  const state = { accept: true }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: (_address, _session, done) => done(state.accept ? null : new Error('no such mailbox')),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        delivered.push({ from: mailFrom === false ? '' : mailFrom.address, to: rcptTo.map(({ address }) => address), source: Buffer.concat(chunks).toString('utf8') })
        done()
      })
    },
  })
  const listening = server.listen(0, '127.0.0.1')
  await new Promise<void>((resolve) => listening.once('listening', () => resolve()))
  const address = listening.address()
  if (address === null || typeof address === 'string') throw new Error('The mail server has no port.')
  return { url: `smtp://127.0.0.1:${address.port}`, delivered, state, close: () => new Promise<void>((resolve) => server.close(() => resolve())) }
}

/** The plain text of a mail, its quoted-printable (RFC 2045) undone. */
export function plainText({ source }: Delivered): string {
  const part = source.split(/\r?\n--/).find((one) => /content-type: text\/plain/i.test(one)) ?? source
  const body = part.slice(part.search(/\r?\n\r?\n/)).trim()
  if (/content-transfer-encoding: base64/i.test(part)) return Buffer.from(body, 'base64').toString('utf8')
  const bytes = body.replaceAll(/=\r?\n/g, '').replaceAll(/=([0-9A-F]{2})/g, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
