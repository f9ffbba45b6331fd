/** PostgreSQL, the truth: the client, the tenant scope, the only writers of a status, and the questions asked of it. */
export * from './client.ts'
export * from './scope.ts'
export * from './audit.ts'
export * from './bound-role.ts'
export * from './notifications.ts'
export * from './transitions/index.ts'
export * from './queries/index.ts'
export { Prisma } from './generated/client.ts'
