import { router } from '@/server/trpc.ts'
import { destinations } from './destinations.ts'
import { forecast } from './forecast.ts'
import { inventory } from './inventory.ts'
import { planWave } from './plan-wave.ts'
import { waves } from './waves.ts'

export const migrateRouter = router({ inventory, waves, destinations, forecast, planWave })
