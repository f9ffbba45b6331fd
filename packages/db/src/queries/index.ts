/** The questions asked of the database: one file a subject, each taking a scoped transaction. */
export * from './sign-in.ts'
