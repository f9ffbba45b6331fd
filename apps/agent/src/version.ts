/** Of the agent, as it is shown to people and told to the gateway. */
export const VERSION = '0.1.0'
