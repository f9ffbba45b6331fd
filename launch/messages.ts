import type { RunningDriftless } from './run.ts'
import type { Terminal } from './setup/terminal.ts'

export const HELP = `npm start [-- flags]     starts a whole Driftless on this machine

  --fresh    empties this installation first: database, disks, logs
  --play     plays the whole main job without a hand and ends with its evidence
  --help     this text

Settings, from the environment:
  DRIFTLESS_HOME           folder of everything that is kept (.driftless)
  DRIFTLESS_PORT           first of four ports in a row (4600)
  DATABASE_URL             a PostgreSQL of your own, as a role that may create roles
  DRIFTLESS_ROLE_PASSWORD  password for the login roles made on it
  REDIS_URL                a Redis of your own for the queues
  SMTP_URL                 a mail server, for invitations, forgotten passwords and notices
  MAIL_FROM                whom those mails come from
  LOG_LEVEL                of the programs' logs (info)`

/** What a demo person is shown to be. */
const ROLE_WORDS: Readonly<Record<string, string>> = {
  CUSTOMER_OPERATOR: 'plans and moves',
  CUSTOMER_APPROVER: 'gives the go for a cutover',
  PROVIDER_SCHEDULER: 'approves service windows',
  PROVIDER_ADMIN: 'sees all customers',
}

/** The last lines of a start: the address, who can sign in, and what to click first. */
export async function welcome(running: RunningDriftless, startedAtMs: number): Promise<string> {
  const { terminal, url, places } = running
  const { DEMO_PASSWORD, DEMO_PEOPLE } = await import('../prisma/seed/demo.ts')
  const bold = (text: string) => terminal.paint('bold', text)
  const dim = (text: string) => terminal.paint('dim', text)
  const widest = Math.max(...DEMO_PEOPLE.map((person) => person.email.length))
  const people = DEMO_PEOPLE.map((person) => `    ${bold(person.email.padEnd(widest))}  ${person.name}, ${ROLE_WORDS[person.role] ?? person.role}`)
  return [
    '',
    `  ${terminal.paint(['bold', 'green'], 'Driftless is ready')} ${dim(`after ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`)}`,
    '',
    `  Open      ${terminal.paint(['bold', 'cyan'], url)}`,
    `  Password  ${bold(DEMO_PASSWORD)} ${dim('(of all demo people)')}`,
    '',
    ...people,
    '',
    `  First     Sign in as ${bold('operator@alpine.example')}, open ${bold('Migrate')}, choose the VMs and make a wave;`,
    '            book a window; the scheduler approves it; the approver gives the go.',
    `  Or watch  ${bold('npm start -- --play')} ${dim('plays all of it without a hand (stop this one first)')}`,
    '',
    dim(`  Logs and data are in ${places.home}. Ctrl-C stops everything; the data stays.`),
    '',
  ].join('\n')
}

/** Stops with a word before and after: draining takes some seconds. */
export async function farewell(terminal: Terminal, stop: () => Promise<void>): Promise<void> {
  const startedAtMs = Date.now()
  terminal.say('\n  stopping … (Ctrl-C again ends it at once)')
  await stop()
  terminal.done('everything stopped', startedAtMs)
}
