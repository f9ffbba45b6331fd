import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  // Integration tests need a server, which only the root's configuration starts.
  test: { include: ['src/**/*.test.ts', 'messages/**/*.test.ts'], exclude: ['src/**/*.integration.test.ts'] },
})
