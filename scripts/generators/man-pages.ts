// Writes the manual pages that are made from tables, below the folder given.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { daemonPage } from '../man/daemon-page.ts'
import { guestPage } from '../man/guest-page.ts'

const [root = '.'] = process.argv.slice(2)
const folder = join(root, 'docs/man')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'tetrarch.cfg.5'), guestPage())
writeFileSync(join(folder, 'tetrarchd.toml.5'), daemonPage())
