import { handOver } from './setup/bootstrap.mjs'

await handOver('../apps/agent/src/seed-main.ts', process.argv.slice(2))
