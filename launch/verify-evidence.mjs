import { handOver } from './setup/bootstrap.mjs'

await handOver('verify-evidence-main.ts', process.argv.slice(2))
