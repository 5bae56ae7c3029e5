import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { GuestSpec } from '../../src/config/guest-spec.ts'
import { checkResources } from '../../src/daemon/xen/resources.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tetrarch-resources-'))
})
afterEach(() => rm(folder, { recursive: true }))

const withKernel = (kernel: string) => checkResources(GuestSpec.parse({ name: 'web', kernel }))

test('a kernel that is there is no matter', async () => {
  const kernel = join(folder, 'vmlinuz')
  await writeFile(kernel, '')
  await expect(withKernel(kernel)).resolves.toBeUndefined()
})

test.each([
  ['/nowhere/vmlinuz', 'correct the path in its definition'],
  ['/tmp/nowhere/vmlinuz', 'put it elsewhere: the service has a /tmp and /var/tmp of its own'],
  ['/var/tmp/nowhere/vmlinuz', 'put it elsewhere: the service has a /tmp and /var/tmp of its own'],
])('of %s that is missing it is said what to do', async (kernel, fix) => {
  await expect(withKernel(kernel)).rejects.toMatchObject({ code: 'file-missing', parts: { where: kernel, fix } })
})
