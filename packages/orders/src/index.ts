/**
 * Orders: what a person has decided, signed by the portal, obeyed by agents. The coordinator and the database between them
 * only carry an order; neither can make one.
 */
export * from './order.ts'
export * from './plan-hash.ts'
export * from './sign.ts'
export * from './read.ts'
export * from './order-state.ts'
