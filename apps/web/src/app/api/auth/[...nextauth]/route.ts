import NextAuth from 'next-auth'
import { addressOf } from '@/server/address.ts'
import { authOptions } from '@/server/auth.ts'

type Context = { params: Promise<{ nextauth: string[] }> }

async function handle(request: Request, context: Context): Promise<Response> {
  return NextAuth(authOptions({ address: addressOf(request.headers), userAgent: request.headers.get('user-agent') }))(request, context)
}

export { handle as GET, handle as POST }
