/** What tetrarch counts, beside what dom0's kernel and Xen's own tools count of the same guests. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { MATERIAL } from '../../lab/demo-guests.ts'
import { dom0 } from '../../lab/dom0.ts'
import { vcpuSchema } from '../../src/api/guest.ts'
import { type LabDaemon, labDaemon } from './lab-daemon.ts'
import { small } from './small-guests.ts'

const SOCKET = '/run/tetrarch/tetrarchd-ro.sock'
const busy = small(
  'busy',
  'pv',
  'tetrarch.ip=192.168.90.77/24',
  `disk = ["${MATERIAL}/ext4-gpt.img,raw,xvda,r"]\nvif = ["bridge=xenbr0"]\nvcpus = 2\ncpus = ["0", "0-1"]\ncpus_soft = "1"\n`,
)
const emulated = 'name = "emulated"\ntype = "hvm"\nmemory = 64\nvga = "none"\n'

let daemon: LabDaemon
let domid = 0
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await daemon.create(emulated)
  await daemon.act('pause', 'emulated')
  await daemon.create(busy)
  await daemon.marker('busy')
  await dom0.sh('ping -c 5 -i 0.2 -W 10 192.168.90.77')
  // From here on nothing counts any more, so that numbers that are read one after the other can be the same.
  await daemon.act('pause', 'busy')
  domid = (await daemon.guest('busy')).domid ?? 0
})
afterAll(() => daemon.clear())

/** The samples of a scrape by their name and labels, those of one guest. */
async function metricsOf(guest: string): Promise<ReadonlyMap<string, number>> {
  const text = await dom0.sh(`curl -sS --unix-socket ${SOCKET} http://host/metrics`)
  expect(text.endsWith('# EOF')).toBe(true)
  const samples = [...text.matchAll(/^tetrarch_guest_(\w+)\{(.*)\} (\S+)$/gm)]
  return new Map(
    samples.flatMap(([, name = '', labels = '', value]) =>
      labels.includes(`guest="${guest}"`) ? [[name, Number(value)] as const] : [],
    ),
  )
}
const columns = (line: string) => line.trim().split(/\s+/)

describe('metrics of a guest', () => {
  test("count its disk as dom0's kernel does", async () => {
    const dir = `/sys/bus/xen-backend/devices/vbd-${domid}-51712/statistics`
    const [reads, writes, flushes, sectors] = (await dom0.sh(`cd ${dir}; cat rd_req wr_req f_req rd_sect`))
      .split('\n')
      .map(Number)
    const metrics = await metricsOf('busy')
    expect(reads).toBeGreaterThan(0)
    expect([
      ...['disk_reads_total', 'disk_writes_total', 'disk_flushes_total'].map((name) => metrics.get(name)),
      metrics.get('disk_read_bytes_total'),
    ]).toEqual([reads, writes, flushes, (sectors ?? 0) * 512])
  })

  test('count its network the other way round, as the guest sees it', async () => {
    const dir = `/sys/class/net/vif${domid}.0/statistics`
    const script = `cd ${dir}; cat rx_bytes rx_packets`
    const [bytes, packets] = (await dom0.sh(script)).split('\n').map(Number)
    const metrics = await metricsOf('busy')
    expect(packets).toBeGreaterThanOrEqual(5)
    expect([metrics.get('network_sent_bytes_total'), metrics.get('network_sent_packets_total')]).toEqual([
      bytes,
      packets,
    ])
    expect(metrics.get('network_received_packets_total')).toBeGreaterThanOrEqual(5)
  })

  test('are those of xentop and xl', async () => {
    const header = columns(await dom0.sh("xentop -b -i 1 | grep -m 1 NAME | sed 's/ (sec)/(sec)/g; s/ (%)/(%)/g'"))
    const row = columns(await dom0.sh("xentop -b -i 1 | grep -m 1 ' busy ' | sed 's/no limit/no-limit/'"))
    const xentop = (title: string) => Number(row[header.indexOf(title)])
    const metrics = await metricsOf('busy')
    expect(header).toHaveLength(row.length)
    expect(metrics.get('cpu_seconds_total')).toBeGreaterThan(1)
    expect(Math.abs((metrics.get('cpu_seconds_total') ?? 0) - xentop('CPU(sec)'))).toBeLessThanOrEqual(1)
    expect(metrics.get('disk_reads_total')).toBe(xentop('VBD_RD'))
    expect(metrics.get('vcpus')).toBe(xentop('VCPUS'))
    expect(Math.floor((metrics.get('memory_bytes') ?? 0) / 1024)).toBe(xentop('MEM(k)'))
    const [, , memory, , , time] = columns(await dom0.sh('xl list busy | tail -n 1'))
    expect(Math.round((metrics.get('memory_bytes') ?? 0) / 2 ** 20)).toBe(Number(memory))
    expect(metrics.get('cpu_seconds_total')).toBeCloseTo(Number(time), 0)
  })

  test('carry the mode that is observed', async () => {
    const text = await dom0.sh(`curl -sS --unix-socket ${SOCKET} http://host/metrics`)
    expect(text).toMatch(/^tetrarch_guest_cpu_seconds_total\{guest="busy",mode="pv"\}/m)
    expect(text).toMatch(/^tetrarch_guest_info\{guest="emulated",mode="hvm",.*configured_mode="pvhvm"/m)
  })

  test('tell what its QEMU costs', async () => {
    const { deviceModel } = await daemon.guest('emulated')
    const pid = deviceModel?.pid ?? 0
    const [pss, used, ticks] = (
      await dom0.sh(
        `awk '/^Pss:/ { print $2 }' /proc/${pid}/smaps_rollup; awk '{ print $14 + $15 }' /proc/${pid}/stat; getconf CLK_TCK`,
      )
    )
      .split('\n')
      .map(Number)
    const metrics = await metricsOf('emulated')
    expect((metrics.get('device_model_memory_bytes') ?? 0) / 1024 / (pss ?? 0)).toBeCloseTo(1, 1)
    expect(metrics.get('device_model_cpu_seconds_total')).toBeCloseTo((used ?? 0) / (ticks ?? 1), 0)
    expect((await metricsOf('busy')).has('device_model_cpu_seconds_total')).toBe(false)
  })

  test('start no process', async () => {
    const started = await dom0.sh(`
      pid=$(systemctl show -P MainPID tetrarchd)
      strace -f -qq -e trace=execve,fork,vfork,clone,clone3 -o /tmp/processes -p $pid & tracer=$!
      until [ "$(awk '/^TracerPid/ { print $2 }' /proc/$pid/status)" != 0 ]; do :; done
      for i in 1 2 3 4 5; do curl -sS --unix-socket ${SOCKET} http://host/metrics | tail -n 1; done
      kill $tracer; wait $tracer
      grep -v CLONE_THREAD /tmp/processes || true
    `)
    expect(started).toBe(Array(5).fill('# EOF').join('\n'))
  })
})

test('top shows what Xen says: mode, memory, and the QEMU', async () => {
  const [header = '', ...rows] = (await dom0.sh('tetrarch top --sort name')).split('\n')
  const { deviceModel } = await daemon.guest('emulated')
  // xl cuts off what top rounds.
  const memory = async (name: string) => {
    const whole = Number(await dom0.sh(`xl list ${name} | tail -n 1 | awk '{ print $3 }'`))
    return expect.toBeOneOf([`${whole}M`, `${whole + 1}M`]) as string
  }
  const cells = rows.map((row) => Object.fromEntries(columns(row).map((cell, at) => [columns(header)[at] ?? '', cell])))
  expect(deviceModel).not.toBeNull()
  expect(cells).toMatchObject([
    { NAME: 'busy', MODE: 'pv', STATE: 'paused', 'CPU%': '0.0', MEM: await memory('busy'), QMEM: '–' },
    {
      NAME: 'emulated',
      MODE: expect.stringContaining('hvm') as string,
      STATE: 'paused',
      MEM: await memory('emulated'),
    },
  ])
  expect(cells[1]?.['QMEM']).toMatch(/^[\d.]+M$/)
})

test('vcpu-list says of each vCPU what xl says', async () => {
  const rows = z
    .array(vcpuSchema.extend({ guest: z.string(), domid: z.int() }))
    .parse(JSON.parse(await dom0.sh('tetrarch vcpu-list busy --json')))
  const theirs = (await dom0.sh('xl vcpu-list busy | tail -n +2')).split('\n').map((line) => line.trim())
  const list = (processors: readonly number[] | null) => (processors === null ? 'all' : processors.join('-'))
  expect(theirs).toHaveLength(2)
  expect(
    rows.map(({ guest, domid: id, vcpu, cpu, cpuTimeSeconds, hardAffinity, softAffinity }) =>
      [guest, id, vcpu, cpu, cpuTimeSeconds.toFixed(1), list(hardAffinity), '/', list(softAffinity)].join(' '),
    ),
  ).toEqual(
    theirs.map((line) => {
      const [name, id, vcpu, cpu, , time, hard, , soft] = columns(line.replace(/(\S+) \/ (\S+)$/, '$1 / $2'))
      return [name, id, vcpu, cpu, time, hard, '/', soft].join(' ')
    }),
  )
  expect(rows.map(({ state }) => state)).toEqual(['paused', 'paused'])
})
