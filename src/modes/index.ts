/** The modes by name. A sixth mode is a sixth file and a line here. */
import type { ModeName } from '../words/mode-names.ts'
import { hvm } from './hvm.ts'
import type { Mode } from './mode.ts'
import { pv } from './pv.ts'
import { pvInPvh } from './pv-in-pvh.ts'
import { pvh } from './pvh.ts'
import { pvhvm } from './pvhvm.ts'

const modes: Readonly<Record<ModeName, Mode>> = { pv, pvh, hvm, pvhvm, 'pv-in-pvh': pvInPvh }

export const allModes: readonly Mode[] = Object.values(modes)
export const modeNamed = (name: ModeName): Mode => modes[name]
