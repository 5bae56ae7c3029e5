/** Virtual NUMA nodes, `[ "pnode=0", "size=1024", "vcpus=0-1", "vdistances=10,20" ]` each (xl.cfg(5), vnuma). */
import { entryOf } from '../../words/entry-of.ts'
import type { GuestSpec } from '../guest-spec.ts'
import type { List, Value } from '../parse.ts'
import type { Codec, Report, Written } from '../keys/row.ts'
import { leadingLong } from '../numbers.ts'
import { pairOf } from './parts.ts'

type Node = NonNullable<GuestSpec['vnuma']>[number]
type Draft = { -readonly [K in keyof Node]: Node[K] }

const whole = (text: string) => (/^\s*\d/.test(text) ? leadingLong(text).value : NaN)

/** As many vCPUs as a guest can have (guest-spec.ts). */
const MAX_VCPUS = 512

/** The numbers in a list of ranges; NaN, which the specification refuses, for what is none. */
function cpusIn(text: string): readonly number[] {
  const cpus: number[] = []
  for (const part of text.split(',').filter((each) => each !== '')) {
    const [, first = '', last = first] = /^\s*(\d{1,3})(?:-(\d{1,3}))?$/.exec(part) ?? []
    if (first === '' || Number(last) >= MAX_VCPUS || cpus.length > MAX_VCPUS) return [NaN]
    for (let cpu = Number(first); cpu <= Number(last); cpu++) cpus.push(cpu)
  }
  return cpus
}

const readers: Readonly<Record<string, (node: Draft, value: string) => void>> = {
  pnode: (node, value) => (node.physicalNode = whole(value)),
  size: (node, value) => (node.memoryMiB = whole(value)),
  vcpus: (node, value) => (node.vcpus = cpusIn(value)),
  vdistances: (node, value) =>
    (node.distances = value
      .split(',')
      .filter((part) => part !== '')
      .map(whole)),
}

function readNode(list: List, report: Report): Node {
  const node: Draft = { physicalNode: 0, memoryMiB: 0, vcpus: [], distances: [] }
  for (const item of list.items) {
    const [key, value] = (item.kind === 'atom' ? pairOf(item.text) : undefined)?.map((text) => text.trim()) ?? []
    if (key === undefined || value === undefined || value === '') {
      report.refuse(item.at, 'a virtual NUMA node is described by "KEY=VALUE" texts')
      continue
    }
    const read = entryOf(readers, key)
    if (read === undefined) report.warn(item.at, `unknown parameter ${JSON.stringify(key)}; xl ignores it`)
    else read(node, value)
  }
  return node
}

export const vnuma: Codec<NonNullable<GuestSpec['vnuma']>> = {
  form: '[ [ "pnode=N", "size=MIB", "vcpus=CPUS", "vdistances=N,…" ], … ]',
  read(value: Value, report) {
    if (value.kind === 'atom') {
      report.warn(value.at, 'one value stands where a list belongs, so xl ignores it', 'put it in brackets: [ … ]')
      return undefined
    }
    return value.items.flatMap((item, index) => {
      report.place(['vnuma', index], item.at)
      if (item.kind === 'list') return [readNode(item, report)]
      report.refuse(item.at, 'each virtual NUMA node is a list', 'write [ [ "pnode=0", … ], … ]')
      return []
    })
  },
  write: (nodes) => nodes.map(writeNode),
}

function writeNode({ physicalNode, memoryMiB, vcpus, distances }: Node): Written {
  return [
    `pnode=${physicalNode}`,
    `size=${memoryMiB}`,
    ...(vcpus.length > 0 ? [`vcpus=${vcpus.join(',')}`] : []),
    ...(distances.length > 0 ? [`vdistances=${distances.join(',')}`] : []),
  ]
}
