/** Bridges other than a plain one of Linux, and rules of a firewall: by what dom0's network says, under the measures of the unit. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { packages } from '../../lab/packages.ts'
import { type LabDaemon, labDaemon } from './lab-daemon.ts'
import { tinyPvgrub } from './small-guests.ts'

const MAC = '00:16:3e:5a:00:07'
const ADDRESS = '192.168.90.77'

let daemon: LabDaemon
/** Starts a guest with one interface, and tells what dom0 calls it. */
const started = async (vif: string) => {
  await daemon.create(`${tinyPvgrub('net')}vif = ["mac=${MAC},${vif}"]\n`)
  return `vif${(await daemon.guest('net')).domid ?? 0}.0`
}

beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
})
afterEach(() => daemon.clear())

test('a bridge that filters VLANs gives the interface its default one', async () => {
  await dom0.sh('ip link add lanbr type bridge vlan_filtering 1 vlan_default_pvid 5 && ip link set lanbr up')
  try {
    const vif = await started('bridge=lanbr')
    expect(await dom0.sh(`bridge -j vlan show dev ${vif} | jq -c '.[].vlans[].vlan'`)).toBe('5')
  } finally {
    await daemon.clear()
    await dom0.sh('ip link del lanbr')
  }
})

describe('Open vSwitch', () => {
  beforeAll(async () => {
    await packages(['openvswitch-switch'])
    await dom0.sh('systemctl start openvswitch-switch && ovs-vsctl add-br ovsbr && ip link set ovsbr up')
  }, 900_000)
  afterAll(() => dom0.sh('ovs-vsctl del-br ovsbr; systemctl stop openvswitch-switch'))

  const portOf = (vif: string) =>
    dom0.sh(
      `ovs-vsctl get port ${vif} tag trunks; ovs-vsctl get interface ${vif} external_ids:attached-mac; ovs-vsctl port-to-br ${vif}`,
    )

  test.each([
    ['by the daemon', ''],
    ["by Xen's script", ',script=vif-openvswitch'],
  ])('gets a port with its VLAN and trunks %s, which goes with the guest', async (_, script) => {
    const access = await started(`bridge=ovsbr.7${script}`)
    expect(await portOf(access)).toBe(`7\n[]\n"${MAC}"\novsbr`)
    await daemon.clear()
    const trunk = await started(`bridge=ovsbr:20:30${script}`)
    expect(await portOf(trunk)).toBe(`[]\n[20, 30]\n"${MAC}"\novsbr`)
    await daemon.act('destroy', 'net')
    expect(await dom0.sh('ovs-vsctl list-ports ovsbr')).toBe('')
  })
})

describe('where the firewall sees bridged packets', () => {
  const HOOK = '/etc/xen/scripts/vif-post.d/lab.hook'
  /** Lets a guest send from its own address alone, as an administrator would have it (it is read by Xen's script). */
  const hook = `rule="FORWARD -s $ip -m physdev --physdev-in $dev -j ACCEPT"
    case "$command" in online) iptables -A $rule ;; offline) iptables -D $rule ;; esac`
  beforeAll(async () => {
    await packages(['iptables'])
    await dom0.sh('modprobe br_netfilter; sysctl -q net.bridge.bridge-nf-call-iptables=1')
  }, 900_000)
  afterAll(async () => {
    await use('nft')
    await dom0.sh(`sysctl -q net.bridge.bridge-nf-call-iptables=0; rmmod br_netfilter; rm -rf $(dirname ${HOOK})`)
  })
  /** The iptables that Debian has come with since 10, or the one before. */
  const use = (which: 'nft' | 'legacy') =>
    dom0.sh(`update-alternatives --quiet --set iptables /usr/sbin/iptables-${which}`)
  const rules = () => dom0.sh('iptables -S FORWARD')
  const hookFilters = async () => {
    const vif = await started(`bridge=xenbr0,ip=${ADDRESS}`)
    expect(await rules()).toContain(`-s ${ADDRESS}/32 -m physdev --physdev-in ${vif} -j ACCEPT`)
    await daemon.act('destroy', 'net')
    expect(await rules()).not.toContain(vif)
  }

  test("Debian's script for a bridge would add no rule, so the daemon connects the guest", async () => {
    await started(`bridge=xenbr0,ip=${ADDRESS}`)
    const { domid } = await daemon.guest('net')
    const script = await dom0.sh(`xenstore-read /local/domain/0/backend/vif/${domid ?? 0}/0/script`)
    expect(script).toBe('/usr/lib/tetrarch/connect-device')
    await daemon.clear()
    const vif = await started(`bridge=xenbr0,ip=${ADDRESS},script=vif-bridge`)
    expect(await dom0.sh('ls /sys/class/net/xenbr0/brif')).toContain(vif)
    expect(await rules()).toBe('-P FORWARD ACCEPT')
  })

  test("a hook of the administrator's adds and takes away its rule, by iptables over nftables", async () => {
    await dom0.sh(`mkdir -p $(dirname ${HOOK}); cat > ${HOOK} <<'END'\n${hook}\nEND\nchmod +x ${HOOK}`)
    await use('nft')
    await hookFilters()
  })

  test('and by the old iptables, once the unit lets it (docs/security.md)', async () => {
    await use('legacy')
    const dropIn = '/run/systemd/system/tetrarchd.service.d/iptables.conf'
    const restart = 'systemctl daemon-reload && systemctl restart tetrarchd'
    const settings = '[Service]\\nCapabilityBoundingSet=CAP_NET_RAW\\n'
    await dom0.sh(`mkdir -p $(dirname ${dropIn}); printf '${settings}' > ${dropIn}; ${restart}`)
    try {
      await hookFilters()
    } finally {
      await dom0.sh(`rm ${dropIn}; ${restart}`)
    }
  })
})
