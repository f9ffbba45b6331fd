/** `npm run seed`: tells what lies on a device that carries seeds, without any key. */
import { parseArgs } from 'node:util'
import { messageOf } from './seed/error.ts'
import { inspectDevice } from './seed/inspect.ts'
import { isWhole, wordsOf } from './seed/inspect-words.ts'

const HELP = `Tells what lies on a device that carries seeds. Nothing is decrypted, and nothing is changed.

  npm run seed -- show FOLDER

  FOLDER  where the device is mounted, or the folder of one seed

Ends with 0 when every seed that was found is complete on this device, with 1 when one is not, and with 2 when there is none
or it could not be told.`

async function main(): Promise<number> {
  const { values, positionals: [command, folder, ...more] } = parseArgs({ allowPositionals: true, options: { help: { type: 'boolean', short: 'h', default: false } } })
  if (values.help || command !== 'show' || folder === undefined || more.length > 0) {
    console.log(HELP)
    return values.help ? 0 : 2
  }
  const seeds = await inspectDevice(folder).catch((error: unknown) => {
    throw new Error(`${folder} cannot be read: ${messageOf(error)}. Name the folder that the device is mounted at.`)
  })
  if (seeds.length === 0) {
    console.log(`There is no seed in ${folder}: no folder driftless-seed-… . Name the folder that the device is mounted at.`)
    return 2
  }
  let code = 0
  for (const seed of seeds) {
    console.log(`${wordsOf(seed).join('\n')}\n`)
    if (!isWhole(seed)) code = 1
  }
  return code
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(messageOf(error))
  return 2
})
process.channel?.unref()
