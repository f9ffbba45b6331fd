import type en from '../en/index.ts'
import access from './access.json' with { type: 'json' }
import account from './account.json' with { type: 'json' }
import approvals from './approvals.json' with { type: 'json' }
import auditLog from './auditLog.json' with { type: 'json' }
import billing from './billing.json' with { type: 'json' }
import configure from './configure.json' with { type: 'json' }
import errors from './errors.json' with { type: 'json' }
import estimate from './estimate.json' with { type: 'json' }
import hypervisor from './hypervisor.json' with { type: 'json' }
import inbox from './inbox.json' with { type: 'json' }
import mail from './mail.json' with { type: 'json' }
import migrate from './migrate.json' with { type: 'json' }
import overview from './overview.json' with { type: 'json' }
import people from './people.json' with { type: 'json' }
import plan from './plan.json' with { type: 'json' }
import runbook from './runbook.json' with { type: 'json' }
import sharing from './sharing.json' with { type: 'json' }
import shell from './shell.json' with { type: 'json' }
import shipments from './shipments.json' with { type: 'json' }
import signIn from './signIn.json' with { type: 'json' }
import signOn from './signOn.json' with { type: 'json' }
import states from './states.json' with { type: 'json' }
import statistics from './statistics.json' with { type: 'json' }
import testBoot from './testBoot.json' with { type: 'json' }
import ui from './ui.json' with { type: 'json' }
import units from './units.json' with { type: 'json' }
import validation from './validation.json' with { type: 'json' }
import wave from './wave.json' with { type: 'json' }
import wayBack from './wayBack.json' with { type: 'json' }
import webhooks from './webhooks.json' with { type: 'json' }
import windows from './windows.json' with { type: 'json' }
import { keepTogether } from './unbroken.ts'

/** Every text of the portal, in French. */
const messages: typeof en = { access, account, approvals, auditLog, billing, configure, errors, estimate, hypervisor, inbox, mail, migrate, overview, people, plan, runbook, sharing, shell, shipments, signIn, signOn, states, statistics, testBoot, ui, units, validation, wave, wayBack, webhooks, windows }
keepTogether(messages)
export default messages
