import { handOver } from './setup/bootstrap.mjs'

await handOver('main.ts', process.argv.slice(2))
