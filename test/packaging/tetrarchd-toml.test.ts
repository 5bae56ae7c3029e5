import { expect, test } from 'vitest'
import { tetrarchdToml } from '../../packaging/tetrarchd-toml.ts'
import { DaemonConfig } from '../../src/config/daemon-config.ts'
import { loadDaemonConfig } from '../../src/config/load-daemon-config.ts'

const load = (text: string) => loadDaemonConfig(text, { file: 'tetrarchd.toml' })

test('the packaged configuration changes nothing', () => {
  expect(load(tetrarchdToml())).toEqual(DaemonConfig.parse({}))
})

test('each line that it comments out is the default when it is let in', () => {
  const letIn = tetrarchdToml().replaceAll(/^#(\w+ = )/gm, '$1')
  expect(letIn).toContain('\nwarm_workers = 0\n')
  expect(load(letIn)).toEqual(DaemonConfig.parse({}))
})
