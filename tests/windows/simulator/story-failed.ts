/** What the contract forbids has happened. `rule`: which promise was broken. */
export class StoryFailed extends Error {
  readonly rule: string
  constructor(rule: string, message: string) {
    super(message)
    this.name = 'StoryFailed'
    this.rule = rule
  }
}
