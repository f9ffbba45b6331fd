import { findChromium } from '@driftless/launch/testing/chromium.ts'
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'
import { inheritedEnv } from '@driftless/launch/env.ts'
import { testEnv } from './env.ts'

/** No sandbox: containers forbid it, and only our own pages are opened. The rest keeps it off the network. */
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage']

/** Starts a headless Chromium; the caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  const found = await findChromium(testEnv().PATH, (line) => console.log(line))
  const own = found.folder === null ? {} : { LD_LIBRARY_PATH: `${found.folder}/lib`, FONTCONFIG_PATH: found.folder }
  return chromium.launch({ executablePath: found.executable, headless: true, args: ARGUMENTS, env: { ...inheritedEnv(process.env), ...own } })
}
