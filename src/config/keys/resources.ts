/** Keys for memory, processors and what Xen keeps for a guest. */
import { vnuma } from '../specs/vnuma.ts'
import { flag, number, text } from './codecs.ts'
import { cpuSets } from './special-codecs.ts'
import { hardwareModes, key, pvModes, type KeyRow } from './row.ts'

const should = { support: 'should' } as const

export const memoryKeys: readonly KeyRow[] = [
  key('memory', number, 'memoryMiB', 'Memory at the start, in MiB.', { libxl: 'b_info.target_memkb' }),
  key('maxmem', number, 'maxMemoryMiB', 'Memory that the guest can be given while it runs, in MiB.', {
    libxl: 'b_info.max_memkb',
  }),
  key('shadow_memory', number, 'shadowMemoryMiB', 'Memory for shadow page tables or the nested page tables, in MiB.', {
    libxl: 'b_info.shadow_memkb',
    modes: hardwareModes,
  }),
  key(
    'max_grant_frames',
    number,
    'maxGrantFrames',
    'Frames of the grant table; more let the guest have more devices.',
    {
      libxl: 'b_info.max_grant_frames',
      ...should,
    },
  ),
  key(
    'max_maptrack_frames',
    number,
    'maxMaptrackFrames',
    'Frames that track grants mapped by the guest, for backends.',
    {
      libxl: 'b_info.max_maptrack_frames',
      ...should,
    },
  ),
  key('max_grant_version', number, 'maxGrantVersion', 'Newest version of grant tables that the guest may use.', {
    libxl: 'b_info.max_grant_version',
    ...should,
  }),
  key('max_event_channels', number, 'maxEventChannels', 'Event channels that the guest may open.', {
    libxl: 'b_info.event_channels',
    ...should,
  }),
  key('e820_host', flag, 'e820Host', "Gives the guest the host's memory map, for PCI passthrough.", {
    libxl: 'b_info.type.pv.e820_host',
    modes: pvModes,
    ...should,
  }),
]

export const processorKeys: readonly KeyRow[] = [
  key('vcpus', number, 'vcpus', 'Virtual processors at the start.', { libxl: 'b_info.avail_vcpus' }),
  key('maxvcpus', number, 'maxVcpus', 'Virtual processors that can be plugged in.', { libxl: 'b_info.max_vcpus' }),
  key('cpus', cpuSets, 'cpus', 'Host processors to run on: one set for all, or a list with one set per vCPU.', {
    libxl: 'b_info.vcpu_hard_affinity',
  }),
  key(
    'cpus_soft',
    cpuSets,
    'cpusSoft',
    'Host processors to prefer: one set for all, or a list with one set per vCPU.',
    {
      libxl: 'b_info.vcpu_soft_affinity',
      ...should,
    },
  ),
  key('cpu_weight', number, 'scheduler.weight', 'Share of processor time against other guests; 256 is the usual one.', {
    libxl: 'b_info.sched_params.weight',
  }),
  key('cap', number, 'scheduler.cap', 'Most processor time, in percent of one physical processor; 0 is no limit.', {
    libxl: 'b_info.sched_params.cap',
  }),
  key('period', number, 'scheduler.period', 'Period of the RTDS scheduler, in microseconds.', {
    libxl: 'b_info.sched_params.period',
    ...should,
  }),
  key('extratime', number, 'scheduler.extratime', 'Whether the RTDS scheduler may give more than the budget.', {
    libxl: 'b_info.sched_params.extratime',
    ...should,
  }),
  key('slice', number, 'scheduler.slice', 'Was for the SEDF scheduler, which is gone; without effect.', {
    libxl: 'b_info.sched_params.slice',
    ...should,
  }),
  key('latency', number, 'scheduler.latency', 'Was for the SEDF scheduler, which is gone; without effect.', {
    libxl: 'b_info.sched_params.latency',
    ...should,
  }),
  key('vnuma', vnuma, 'vnuma', 'Virtual NUMA nodes.', { libxl: 'b_info.vnuma_nodes', ...should }),
  key('pool', text, 'pool', 'CPU pool to run in.', { libxl: 'c_info.pool_name', ...should }),
]
