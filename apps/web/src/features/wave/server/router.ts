import { router } from '@/server/trpc.ts'
import { cancelMigration } from './cancel-migration.ts'
import { cancelWave } from './cancel-wave.ts'
import { controlMigration } from './control-migration.ts'
import { controlWave } from './control-wave.ts'
import { decideGoNoGo } from './decide-go-no-go.ts'
import { keepWayBack } from './keep-way-back.ts'
import { readWave } from './read-wave.ts'
import { requestCutover } from './request-cutover.ts'
import { startWave } from './start-wave.ts'
import { discardTest, startTest } from './test-boot.ts'

export const waveRouter = router({ read: readWave, start: startWave, control: controlWave, controlMigration, cancel: cancelWave, cancelMigration, requestCutover, startTest, discardTest, keepWayBack, decideGoNoGo })
