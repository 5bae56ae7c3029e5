// Writes docs/from-xl.md and docs/from-libvirt.md below the folder given, from the tables that the command answers from.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format } from 'prettier'
import type { Translation } from '../../src/cli/translations/translation.ts'
import { fromVirsh } from '../../src/cli/translations/virsh.ts'
import { fromXl } from '../../src/cli/translations/xl.ts'
import prettierConfig from '../../.prettierrc.json' with { type: 'json' }

const [root = '.'] = process.argv.slice(2)

const row = ({ theirs, ours, note }: Translation): string =>
  `| \`${theirs}\` | ${ours === null ? '–' : `\`${ours}\``} | ${note} |`
const table = (tool: string, rows: readonly Translation[]): string =>
  [`| ${tool} | tetrarch | |`, '| --- | --- | --- |', ...rows.map(row)].join('\n')
const made = (file: string) => `<!-- The table is made by scripts/docs from ${file} -->`

const pages = {
  'from-xl.md': `# From xl

tetrarch takes the files that xl takes, and stands beside it: domains that xl made are shown, with a \`*\`, and left alone unless
you name them. \`xl list\` shows ours. Nothing has to be moved at once.

${made('src/cli/translations/xl.ts')}

${table('xl', fromXl)}

## Move a guest

1. \`tetrarch lint /etc/xen/web.cfg\` says what xl swallowed in silence, and what cannot work on this host.
2. \`tetrarch explain /etc/xen/web.cfg\` says which mode it will run in, and why.
3. \`tetrarch define /etc/xen/web.cfg\` keeps it in /etc/tetrarch/guests, in your own words.
4. \`xl shutdown -w web\` ends the domain of xl, and \`tetrarch create web\` starts it as ours. Two running domains never share a
   writable disk: until the first has ended the second is refused.

The way back is the same: \`tetrarch shutdown --wait web\`, then \`xl create /etc/tetrarch/guests/web.cfg\`. Keys of our own are ones
that xl ignores.

## What is different

- A key that xl ignores is told, with its line, and so is a value that it cuts short. tetrarch.cfg(5) has every key.
- \`tetrarch\` waits until the guest runs or says why it does not, and what failed leaves nothing behind.
- A PV or PVH guest is booted from its disk by a reader in a sandbox without rights, not by a Python program as root.
- A guest that crashes again and again restarts after ever longer pauses.
- \`vif.default.*\` of xl.conf counts; of its other keys none does.
- xendomains (\`/etc/xen/auto\`) starts guests as domains of xl. Leave a guest to one of both.
`,
  'from-libvirt.md': `# From libvirt

libvirt keeps a definition as XML and makes xl.cfg's meaning of it; tetrarch keeps xl.cfg itself. \`virsh domxml-to-native\` writes
one from the other, so that a guest is moved by two commands. Domains of libvirt are shown like those of xl, and left alone.

${made('src/cli/translations/virsh.ts')}

${table('virsh', fromVirsh)}

## Move a guest

1. \`virsh dumpxml web > web.xml\`, then \`virsh domxml-to-native xen-xl web.xml > web.cfg\`.
2. \`tetrarch lint web.cfg\` and \`tetrarch explain web.cfg\` say what cannot work here, and which mode it will run in.
3. \`virsh shutdown web\`, and when it has ended \`virsh undefine web\`: else libvirt may start it again beside ours.
4. \`tetrarch define web.cfg\`, \`tetrarch create web\`.

## What is different

- The mode is a word of its own: PVH, HVM, PVHVM, PV. \`tetrarch explain web\` says why a guest has the one it has.
- The daemon is one process and can be killed at any moment: no guest notices, none is forgotten.
- The API is HTTP and JSON on a Unix socket (docs/openapi.json); there is no library to link.
`,
}

mkdirSync(join(root, 'docs'), { recursive: true })
for (const [name, text] of Object.entries(pages)) {
  writeFileSync(join(root, 'docs', name), await format(text, { ...(prettierConfig as object), parser: 'markdown' }))
}
