import { handOver } from './setup/bootstrap.mjs'

await handOver('test-main.ts', process.argv.slice(2))
