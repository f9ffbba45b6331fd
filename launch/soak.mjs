import { handOver } from './setup/bootstrap.mjs'

await handOver('soak-main.ts', process.argv.slice(2))
