import { handOver } from './setup/bootstrap.mjs'

await handOver('prove-main.ts', process.argv.slice(2))
