import { handOver } from './setup/bootstrap.mjs'

await handOver('../apps/agent/src/vsphere-main.ts', process.argv.slice(2))
