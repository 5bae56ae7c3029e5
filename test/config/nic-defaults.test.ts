import { expect, test } from 'vitest'
import { loadGuest } from '../../src/config/load.ts'
import { readNicDefaults, withNicDefaults } from '../../src/config/nic-defaults.ts'

const XL_CONF = `# Global XL config file #
autoballoon="off"
vif.default.script="vif-openvswitch"
vif.default.bridge = "br7"
#vif.default.gatewaydev="eth1"
vif.default.backend=""
`
const nics = (vif: string) => {
  const { spec } = loadGuest(`name="web"\ntype="pvh"\nvif=${vif}\n`, { file: 'web.cfg' })
  return withNicDefaults(spec, readNicDefaults(XL_CONF, 'xl.conf')).nics
}

test('a nic has what xl.conf says, unless it says it itself', () => {
  expect(nics('[ "", "bridge=xenbr0" ]')).toEqual([
    expect.objectContaining({ bridge: 'br7', script: 'vif-openvswitch' }),
    expect.objectContaining({ bridge: 'xenbr0', script: 'vif-openvswitch' }),
  ])
})

test('an xl.conf with a mistake says what can be read of it', () => {
  expect(readNicDefaults('this is no setting\nvif.default.bridge="br7"\n', 'xl.conf')).toEqual({ bridge: 'br7' })
})
