import type { NextConfig } from 'next'
import createNextIntlPlugin from 'next-intl/plugin'
import { z } from 'zod'

/** Where the launcher keeps this build, so that a later one leaves alone the portals that run from it; `.next` by hand. */
const { WEB_BUILD_DIR } = z.object({ WEB_BUILD_DIR: z.string().regex(/^\.next\/builds\/[0-9a-f]+$/).default('.next') }).parse(process.env)

const withNextIntl = createNextIntlPlugin('./src/i18n/request.ts')

const config: NextConfig = {
  distDir: WEB_BUILD_DIR,
  transpilePackages: ['@driftless/db', '@driftless/domain', '@driftless/evidence', '@driftless/jobs', '@driftless/notices', '@driftless/orders'],
  // Native or connection-holding packages stay outside the bundle, and one that reads files beside itself.
  serverExternalPackages: ['@node-rs/argon2', '@prisma/client', '@prisma/adapter-pg', 'pg', 'bullmq', 'ioredis', 'pdfkit', 'pino'],
  // `npm test` checks types, of the tests too; a first start on two cores need not wait for it again.
  typescript: { ignoreBuildErrors: true },
  typedRoutes: true,
  reactCompiler: true,
  poweredByHeader: false,
}

export default withNextIntl(config)
