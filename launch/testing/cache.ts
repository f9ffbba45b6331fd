import { join } from 'node:path'
import { ROOT } from '../setup/paths.ts'

/** What the tests need and the packages do not bring is kept here between runs. */
export const CACHE = join(ROOT, '.driftless-cache')
