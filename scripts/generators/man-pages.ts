// Writes the manual pages that are made from tables, below the folder given.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandPage } from '../man/command-page.ts'
import { daemonPage } from '../man/daemon-page.ts'
import { guestPage } from '../man/guest-page.ts'
import { pygrubPage } from '../man/pygrub-page.ts'
import { servicePage } from '../man/service-page.ts'

const [root = '.'] = process.argv.slice(2)
const folder = join(root, 'docs/man')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'tetrarch.cfg.5'), guestPage())
writeFileSync(join(folder, 'tetrarchd.toml.5'), daemonPage())
writeFileSync(join(folder, 'tetrarch-pygrub.8'), pygrubPage())
writeFileSync(join(folder, 'tetrarch.1'), commandPage())
writeFileSync(join(folder, 'tetrarchd.8'), servicePage())
