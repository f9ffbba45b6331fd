/** How people are told: mails, appointments and messages, in their language. The programs decide who is told what. */
export * from './language.ts'
export * from './mail-form.ts'
export * from './mailer.ts'
export * from './notice-mail.ts'
export * from './calendar.ts'
export * from './chat.ts'
