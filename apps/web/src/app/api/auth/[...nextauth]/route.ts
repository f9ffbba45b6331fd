import NextAuth from 'next-auth'
import { handleSignOn } from '@/features/sign-on/server/handle.ts'
import { authOptions } from '@/server/auth.ts'

type Context = { params: Promise<{ nextauth: string[] }> }

async function handle(request: Request, context: Context): Promise<Response> {
  return (await handleSignOn(request, context, authOptions())) ?? NextAuth(authOptions())(request, context)
}

export { handle as GET, handle as POST }
