// Loaded before a program that knows nothing of its launcher: it ends when the launcher's pipe closes.
process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0)).resume().unref?.()
