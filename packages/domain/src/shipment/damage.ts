/** Of a seed so much damaged or missing is worth telling people at once: it takes time on the line that nobody reckoned with, and devices rarely age in single pieces. */
export const DAMAGE_TOLD_SHARE = 0.01

/** Whether people are told of what a seed lacked: `damagedBytes` of its `seedBytes`. What is less stands on the shipment's page alone. */
export const isDamageTold = (damagedBytes: number, seedBytes: number): boolean => damagedBytes > 0 && damagedBytes >= seedBytes * DAMAGE_TOLD_SHARE
