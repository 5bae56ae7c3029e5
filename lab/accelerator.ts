/** Whether Xen can run on this machine's own virtualization, or must be emulated. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDirectory } from './place.ts'
import { capture } from './run.ts'

export type Accelerator = 'kvm' | 'tcg'

/**
 * CPU for software emulation with QEMU 7.2. Each "-" is a feature whose emulation Xen or a guest trips over:
 * smap page-faults dom0 on IRET, monitor panics Xen in mwait, rdtscp kills guests in SVM instruction decoding, avx (and what
 * builds on it) is forgotten in a guest at times, whose kernel then dies of an invalid opcode.
 */
const emulatedCpu = [
  'EPYC,+svm,+npt,-smap,-rdtscp,-monitor,-rdseed,-sha-ni,-fxsr-opt,-misalignsse,-3dnowprefetch,-osvw,-topoext',
  '-nrip-save,-xsavec,-avx,-avx2,-fma,-f16c',
].join(',')

/** QEMU's arguments for an accelerator; `without` is a feature left out, as "-svm". */
export function acceleratorArguments(accelerator: Accelerator, without = ''): readonly string[] {
  const cpu = (model: string) => ['-cpu', without === '' ? model : `${model},${without}`]
  return accelerator === 'kvm' ? ['-accel', 'kvm', ...cpu('host')] : ['-accel', 'tcg,thread=multi', ...cpu(emulatedCpu)]
}

/** The accelerator to use: what LAB_ACCEL says, else KVM where guests of guests were seen to work, else emulation. */
export async function chooseAccelerator(): Promise<Accelerator> {
  const wish = process.env['LAB_ACCEL']
  if (wish === 'kvm' || wish === 'tcg') return wish
  if (existsSync(kvmFailureNote())) return 'tcg'
  return nestedVirtualizationOffered() && (await kvmStarts()) ? 'kvm' : 'tcg'
}

/** Where it is written down that Xen did not come up under KVM on this machine, so that it is not tried each time. */
export function kvmFailureNote(): string {
  return join(cacheDirectory(), 'kvm-does-not-work')
}

/** /dev/kvm can exist and be useless: the CPU must show svm or vmx, and the module must pass it on. */
function nestedVirtualizationOffered(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    const vendor = /^flags\b.*\b(svm|vmx)\b/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]
    if (vendor === undefined) return false
    const module = vendor === 'svm' ? 'kvm_amd' : 'kvm_intel'
    return /^[1Y]/.test(readFileSync(`/sys/module/${module}/parameters/nested`, 'utf8'))
  } catch {
    return false
  }
}

async function kvmStarts(): Promise<boolean> {
  const options = ['-machine', 'q35', '-display', 'none', '-S', '-monitor', 'stdio', '-serial', 'none', '-nodefaults']
  const { code } = await capture(['qemu-system-x86_64', ...acceleratorArguments('kvm'), ...options], {
    stdin: 'quit\n',
    timeoutMs: 20_000,
  })
  return code === 0
}
