import { entryOf } from '../words/entry-of.ts'
import { fail } from '../words/errors.ts'

/** What bootloader_args can ask of our boot loader: pygrub's options that choose a kernel (xl.cfg(5), bootloader_args). */
export interface BootArguments {
  readonly entry?: string
  readonly kernel?: string
  readonly ramdisk?: string
  readonly extraArgs?: string
}

const options: Readonly<Record<string, keyof BootArguments>> = {
  '--entry': 'entry',
  '--kernel': 'kernel',
  '--ramdisk': 'ramdisk',
  '--args': 'extraArgs',
}
/** pygrub's options that change nothing where nobody looks at a menu. */
const withoutEffect = new Set(['-q', '--quiet', '-i', '--interactive', '--debug', '--not-really'])

/** Reads the list of bootloader_args. Throws `config-invalid` for an option that we do not have. */
export function readBootArguments(list: readonly string[], guest: string): BootArguments {
  const words = list
    .flatMap((item) => (item.startsWith('--args') ? [item] : item.split(/\s+/)))
    .filter((word) => word !== '')
  const found: Partial<Record<keyof BootArguments, string>> = {}
  while (words.length > 0) {
    const [word = '', ...attached] = words.shift()?.split(/=(.*)/s) ?? []
    if (withoutEffect.has(word)) continue
    const key = entryOf(options, word)
    const value = attached[0] ?? words.shift()
    if (key === undefined || value === undefined) {
      throw fail('config-invalid', {
        what: `"${guest}" gives the boot loader an argument that it does not know: ${word}`,
        fix: `use ${Object.keys(options).join('=, ')}=`,
      })
    }
    found[key] = value
  }
  return found
}
