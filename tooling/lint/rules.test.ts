import { join } from 'node:path'
import { RuleTester } from 'oxlint/plugins-dev'
import { describe, it } from 'vitest'
import plugin from './plugin.js'

RuleTester.describe = describe
RuleTester.it = it

const ROOT = join(import.meta.dirname, '..', '..')
const tester = new RuleTester({ languageOptions: { parserOptions: { lang: 'tsx' } } })
/** Code as if it stood in `path` of the checkout. */
const at = (path: string, code: string) => ({ filename: join(ROOT, path), code })
const bad = (path: string, code: string, message: RegExp) => ({ ...at(path, code), errors: [{ message }] })

tester.run('import-rule', plugin.rules['import-rule'], {
  valid: [
    at('packages/db/src/client.ts', "import { x } from '@driftless/domain'"),
    at('apps/coordinator/src/gateway/x.ts', "import { x } from '@driftless/agent-api'; import { y } from '../jobs/y.ts'; import pino from 'pino'"),
    at('apps/agent/src/main.ts', "import { lab } from './hypervisors/lab/adapter.ts'"),
    at('apps/agent/src/vsphere-main.ts', "import { connect } from './hypervisors/vsphere/command/connect.ts'"),
    at('apps/agent/src/hypervisors/lab/adapter.ts', "import { call } from './call.ts'; import type { H } from '../hypervisor.ts'"),
    at('apps/web/src/x.test.ts', "import { createTestDatabase } from '../../../tests/support/database.ts'"),
    at('apps/coordinator/src/testing/world.ts', "import { createTestDatabase } from '@driftless/tests/support/database.ts'; import { seedDemo } from '../../../../prisma/seed/demo.ts'"),
    at('launch/demo.ts', "const seed = import('../prisma/seed/demo.ts')"),
    at('tests/main-job/x.test.ts', "import { x } from '@driftless/agent-api'"),
  ],
  invalid: [
    bad('packages/domain/src/x.ts', "import { x } from '@driftless/db'", /packages\/domain must not import @driftless\/db: it may import none/),
    bad('packages/jobs/src/x.ts', "import { x } from '@driftless/agent-api'", /must not import @driftless\/agent-api/),
    bad('packages/nbd/src/x.ts', "import { x } from '@driftless/domain'", /packages\/nbd must not import/),
    bad('apps/agent/src/x.ts', "import type { Db } from '@driftless/db'", /apps\/agent must not import @driftless\/db/),
    bad('apps/agent/src/x.ts', "export { enqueue } from '@driftless/jobs'", /apps\/agent must not import @driftless\/jobs/),
    bad('apps/web/src/x.ts', "import { x } from '@driftless/agent'", /apps\/web must not import @driftless\/agent/),
    bad('apps/web/src/x.ts', "const x = import('../../coordinator/src/x.ts')", /must not reach into apps\/coordinator/),
    bad('apps/web/src/x.ts', "import { seedDemo } from '../../../prisma/seed/demo.ts'", /must not reach into prisma/),
    bad('apps/agent/src/control/x.ts', "import { lab } from '../hypervisors/lab/adapter.ts'", /lab adapter is imported by apps\/agent\/src\/main\.ts alone/),
    bad('apps/agent/src/vsphere-main.ts', "import { lab } from './hypervisors/lab/adapter.ts'", /lab adapter is imported/),
    bad('apps/agent/src/hypervisors/qemu/x.ts', "import { lab } from '../lab/adapter.ts'", /lab adapter is imported/),
  ],
})

tester.run('no-environment', plugin.rules['no-environment'], {
  valid: [at('apps/agent/src/env.ts', 'schema.parse(process.env)'), at('launch/run.ts', 'process.env'), at('apps/web/next.config.ts', 'process.env.CI'), at('apps/agent/src/x.ts', 'settings.env.PORT')],
  invalid: [bad('apps/agent/src/x.ts', 'const port = process.env.PORT', /read in env\.ts alone/), bad('packages/db/src/x.ts', "process['env']", /read in env\.ts alone/), bad('apps/web/src/x.ts', 'import.meta.env', /read in env\.ts alone/)],
})

tester.run('pure-domain', plugin.rules['pure-domain'], {
  valid: [at('packages/domain/src/x.ts', 'const later = new Date(nowMs + 1)'), at('packages/domain/src/x.test.ts', 'Date.now()'), at('packages/db/src/x.ts', 'Date.now()')],
  invalid: [
    bad('packages/domain/src/x.ts', 'Date.now()', /Date\.now gives/),
    bad('packages/domain/src/x.ts', 'new Date()', /new Date\(\) gives/),
    bad('packages/domain/src/x.ts', 'Math.random()', /Math\.random gives/),
    bad('packages/domain/src/x.ts', "import { readFile } from 'node:fs/promises'", /node:fs\/promises gives/),
    bad('packages/domain/src/x.ts', "fetch('x')", /fetch\(\) gives/),
  ],
})

const WEB = 'apps/web/src/features/x.tsx'
tester.run('texts-through-intl', plugin.rules['texts-through-intl'], {
  valid: [
    at(WEB, "const x = <p title={t('title')}>{t('text')} · <b>Driftless</b> 1 × {2}</p>"),
    at(WEB, 'const x = <input type="text" className="w-full" name="rate" />'),
    at('apps/web/src/features/x.test.tsx', 'const x = <p>Text</p>'),
  ],
  invalid: [
    bad(WEB, 'const x = <p>Start now</p>', /“Start now” is text/),
    bad(WEB, 'const x = <p>Démarrer</p>', /“Démarrer” is text/),
    bad(WEB, 'const x = <img alt="A disk" />', /“A disk” is text/),
    bad(WEB, "const x = <p>{ok ? t('a') : 'failed'}</p>", /“failed” is text/),
    bad(WEB, "const x = <p>{ok && 'done'}</p>", /“done” is text/),
    bad(WEB, 'const x = <p>{`of ${n} disks`}</p>', /is text/),
    bad(WEB, 'const x = <a aria-label={open ? `close` : other}>{x}</a>', /“close” is text/),
  ],
})
