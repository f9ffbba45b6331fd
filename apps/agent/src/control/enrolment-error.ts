/** Enrolment cannot succeed as things are; the message says what a person must do. */
export class EnrolmentError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EnrolmentError'
  }
}
