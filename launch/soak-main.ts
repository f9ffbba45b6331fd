import { runNamed } from './named-program.ts'

await runNamed('soak', 'bench/soak', 'endurance runs')
