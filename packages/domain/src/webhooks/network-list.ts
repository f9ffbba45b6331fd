import { z } from 'zod'
import { parseNetwork } from './address.ts'

/** A setting like `10.0.0.0/8, fd12::/16`; empty: no network. */
export const networkList = z.string().default('').transform((text, context) =>
  text.split(',').map((one) => one.trim()).filter((one) => one !== '').map((one) => {
    const network = parseNetwork(one)
    if (network !== null) return network
    context.addIssue({ code: 'custom', message: `${one} is not a network like 10.0.0.0/8` })
    return z.NEVER
  }))
