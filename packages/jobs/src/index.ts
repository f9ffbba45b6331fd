/** Web to coordinator: the jobs there are, how to wake one, how to run them. */
export * from './table.ts'
export * from './queues.ts'
export * from './workers.ts'
export { prepareQueueSchema } from './queue-schema.ts'
