// Writes docs/queries.md, with the fields that a query can ask for, below the folder given.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventFields } from '../../src/daemon/find/event-fields.ts'
import { guestFields } from '../../src/daemon/find/guest-fields.ts'

const [root = '.'] = process.argv.slice(2)
const fields = Object.entries(guestFields).map(([name, { says }]) => `| \`${name}\` | ${says} |`)
const text = `# Queries

\`tetrarch list QUERY\`, \`tetrarch events QUERY\` and the parameter \`query\` of \`GET /v1/guests\` and \`GET /v1/events\` take
the search language of Xen Orchestra, read by its own package complex-matcher.

| term | finds |
| --- | --- |
| \`web\` | any field that contains it, in upper or lower case |
| \`"two words"\` | the same for a text with blanks |
| \`web*eu\` | \`*\` stands for anything |
| \`/^web/\` \`/^web/i\` | a regular expression; \`i\` ignores case |
| \`state:running\` | a field that contains it |
| \`virtualizationMode:/^pv$/\` | exactly so: \`virtualizationMode:pv\` also finds pvh, pvhvm and pv-in-pvh |
| \`memory:>2048\` | a number: \`>\`, \`>=\`, \`<\`, \`<=\` |
| \`disks:length:>=2\` | a property of a field |
| \`autostart?\` | a field that is true, not empty, not zero |
| \`!tags:test\` | not so |
| \`state:running memory:<512\` | both |
| \`\\|(web db)\` \`state:\\|(running paused)\` | one of them |
| \`@windows\` | the query of that name under \`[queries]\` in tetrarchd.toml |

A field that does not exist is an error. A query that compares for too long is stopped (\`[guests] query_ms\`).

## Fields of guests

| field | is |
| --- | --- |
${fields.join('\n')}

## Fields of events

${[...eventFields].map((name) => `\`${name}\``).join(', ')}: the fields of docs/openapi.json. \`tetrarch events 'kind:mode to:pvhvm'\`
shows the guests whose PV drivers connect. \`lost\` is always sent.
`
mkdirSync(join(root, 'docs'), { recursive: true })
writeFileSync(join(root, 'docs/queries.md'), text)
