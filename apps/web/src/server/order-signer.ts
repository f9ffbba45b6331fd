import 'server-only'
import { orderSigner as signerOf } from '@driftless/orders'
import type { OrderSigner } from '@driftless/orders'
import { env } from '../env.ts'

let made: OrderSigner | undefined

/** Signs what people decide here, with the key that this program alone has. */
export function orderSigner(): OrderSigner {
  made ??= signerOf(env().ORDER_SIGNING_KEY)
  return made
}
