// Loads a thousand definitions of eight disks each and says what that takes: node bench/definitions.ts
import { examineGuest } from '../src/config/load.ts'

const COUNT = 1000
const disks = Array.from('abcdefgh', (letter) => `  "format=qcow2,vdev=xvd${letter},target=/srv/${letter}.img",`)
const text = `name = "web"\ntype = "hvm"\nmemory = 1024\ndisk = [\n${disks.join('\n')}\n]\nvif = [ "bridge=xenbr0" ]\n`

for (let warm = 0; warm < COUNT / 10; warm++) examineGuest(text, { file: 'web.cfg' })
const begun = performance.now()
for (let loaded = 0; loaded < COUNT; loaded++) examineGuest(text, { file: 'web.cfg' })
process.stdout.write(`${COUNT} definitions: ${(performance.now() - begun).toFixed(0)} ms\n`)
