import { handOver } from './setup/bootstrap.mjs'

await handOver('verify-audit-main.ts', process.argv.slice(2))
