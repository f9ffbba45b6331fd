import { handOver } from './setup/bootstrap.mjs'

await handOver('generate.ts', process.argv.slice(2))
