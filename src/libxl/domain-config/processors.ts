import type { GuestSpec } from '../../config/guest-spec.ts'
import { cpusOf, cpuTerms, type HostCpus } from '../../config/specs/cpus.ts'
import { fail } from '../../words/errors.ts'
import type { DomainPlan } from '../domain-config.ts'
import type { JsonObject, JsonValue } from '../requests.ts'
import { firstBits, unlessEmpty, withoutUndefined } from './json.ts'

type Fields = Readonly<Record<string, JsonValue | undefined>>

/** Virtual processors, where they run and how they are scheduled. */
export function processors({ spec, hostCpus }: DomainPlan): Fields {
  const maxVcpus = spec.maxVcpus ?? vnumaVcpus(spec) ?? spec.vcpus
  return {
    max_vcpus: maxVcpus,
    avail_vcpus: firstBits(spec.vcpus),
    vcpu_hard_affinity: affinity(spec.cpus, maxVcpus, hostCpus),
    vcpu_soft_affinity: affinity(spec.cpusSoft, maxVcpus, hostCpus),
    numa_placement: placesItself(spec) ? 'False' : undefined,
    vnuma_nodes: virtualNodes(spec),
    sched_params: scheduling(spec),
  }
}

function scheduling({ scheduler }: GuestSpec): JsonObject | undefined {
  if (scheduler === undefined) return undefined
  const { weight, cap, period, extratime, slice, latency } = scheduler
  return withoutUndefined({ weight, cap, period, extratime, slice, latency })
}

const vnumaVcpus = ({ vnuma }: GuestSpec): number | undefined =>
  vnuma?.reduce((sum, { vcpus }) => sum + vcpus.length, 0)

/** Whether the definition says by itself where the guest belongs, so that libxl must not choose nodes (xl.cfg(5), cpus). */
const placesItself = ({ cpus, cpusSoft, vnuma }: GuestSpec): boolean =>
  (cpus !== undefined && typeof cpus !== 'string') || cpusSoft !== undefined || vnuma !== undefined

/** One bitmap of host processors for each vCPU; a list that is shorter leaves the last vCPUs free. */
function affinity(sets: GuestSpec['cpus'], vcpus: number, host: HostCpus): JsonValue | undefined {
  if (sets === undefined) return undefined
  if (typeof sets !== 'string') return unlessEmpty(sets.slice(0, vcpus).map((set) => resolved(set, host)))
  const everywhere = resolved(sets, host)
  return Array.from({ length: vcpus }, () => everywhere)
}

function resolved(set: string, host: HostCpus): readonly number[] {
  const byNode = cpuTerms(set)?.some(({ kind }) => kind === 'nodes') ?? false
  if (byNode && host.nodes.length === 0) {
    throw fail('host-lacks', {
      what: `the processors "${set}" cannot be found`,
      why: 'the NUMA nodes of this host are not known',
      fix: 'give the numbers of processors',
    })
  }
  return cpusOf(set, host)
}

function virtualNodes({ vnuma }: GuestSpec): readonly JsonObject[] | undefined {
  const count = vnuma?.length ?? 0
  return vnuma?.map(({ physicalNode, memoryMiB, vcpus, distances }) => ({
    pnode: physicalNode,
    memkb: memoryMiB * 1024,
    vcpus: [...vcpus].sort((a, b) => a - b),
    distances: Array.from({ length: count }, (_, node) => distances[node] ?? 0),
  }))
}
