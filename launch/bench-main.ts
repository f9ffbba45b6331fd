import { runNamed } from './named-program.ts'

await runNamed('bench', 'bench', 'measurements')
