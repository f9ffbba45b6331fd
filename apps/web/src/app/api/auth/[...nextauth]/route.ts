import NextAuth from 'next-auth'
import { handleSignOn } from '@/features/sign-on/server/handle.ts'
import { addressOf } from '@/server/address.ts'
import { authOptions } from '@/server/auth.ts'

type Context = { params: Promise<{ nextauth: string[] }> }

async function handle(request: Request, context: Context): Promise<Response> {
  const options = authOptions({ address: addressOf(request.headers), userAgent: request.headers.get('user-agent') })
  return (await handleSignOn(request, context, options)) ?? NextAuth(options)(request, context)
}

export { handle as GET, handle as POST }
