import { router } from '@/server/trpc.ts'
import { destinations } from './destinations.ts'
import { forecast } from './forecast.ts'
import { inventory } from './inventory.ts'
import { placement } from './placement.ts'
import { planWave } from './plan-wave.ts'
import { sources } from './sources.ts'
import { waves } from './waves.ts'

export const migrateRouter = router({ inventory, placement, sources, waves, destinations, forecast, planWave })
