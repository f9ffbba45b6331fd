import type { Outputs } from '@/client/trpc.ts'

export type Wave = Outputs['wave']['read']
export type Approvals = Outputs['wave']['approvals']
export type WaveMigration = Wave['migrations'][number]
export type Attempt = WaveMigration['attempts'][number]
export type WayBack = NonNullable<WaveMigration['wayBack']>
export type TestBoot = NonNullable<WaveMigration['test']>
