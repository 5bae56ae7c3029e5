/** What a worker can do: one handler for each request. */
import { bindDeviceCalls } from './device-calls.ts'
import { bindDomainCalls } from './domain-calls.ts'
import { bindEndCalls } from './end-calls.ts'
import type { Libxl } from './libxl.ts'
import { bindMakingCalls } from './making-calls.ts'
import { bindQueryCalls } from './query-calls.ts'
import type { LibxlOp, LibxlRequestOf, LibxlResultOf } from './requests.ts'
import { bindSavingCalls } from './saving-calls.ts'

/** The one operation that a worker is at. */
export interface Operation {
  /** After this nothing aborts any more, so that undoing is not itself undone. True if an abort was asked for. */
  endOfAborts(): Promise<boolean>
}

export type Handlers = {
  readonly [Op in LibxlOp]: (request: LibxlRequestOf<Op>, operation: Operation) => Promise<LibxlResultOf<Op>>
}

export const bindOperations = (libxl: Libxl): Handlers => ({
  ...bindDomainCalls(libxl),
  ...bindMakingCalls(libxl),
  ...bindSavingCalls(libxl),
  ...bindEndCalls(libxl),
  ...bindDeviceCalls(libxl),
  ...bindQueryCalls(libxl),
})
