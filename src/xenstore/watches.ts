/** The watches a client holds: which token belongs to whom, and how all are set again on a new connection. */
import type { XenstorePath } from '../words/ids.ts'
import type { Connection } from './connection.ts'
import { expectPayload } from './operations.ts'
import { isXenstorePath } from './paths.ts'
import { encodeStrings, MessageType } from './wire.ts'

/** `@introduceDomain`: a domain was introduced; `@releaseDomain`: one crashed, shut down or is gone. They name no domain. */
export type SpecialWatch = '@introduceDomain' | '@releaseDomain'
export type WatchPath = XenstorePath | SpecialWatch
/** Told the path that changed, which is at or below the watched one. Runs synchronously: keep it short. */
export type WatchListener = (changed: WatchPath) => void

export interface Watch {
  readonly token: string
  readonly path: WatchPath
  readonly listener: WatchListener
}

export class Watches {
  readonly #byToken = new Map<string, Watch>()
  readonly #onListenerError: (error: unknown) => void
  #lastToken = 0

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError
  }

  get size(): number {
    return this.#byToken.size
  }

  add(path: WatchPath, listener: WatchListener): Watch {
    this.#lastToken += 1
    const watch = { token: String(this.#lastToken), path, listener }
    this.#byToken.set(watch.token, watch)
    return watch
  }

  /** False when it was gone already. */
  remove(watch: Watch): boolean {
    return this.#byToken.delete(watch.token)
  }

  clear(): void {
    this.#byToken.clear()
  }

  /** Passes an event on. One for a watch that just ended is dropped, as is a path that cannot be. */
  tell(changed: string, token: string): void {
    const watch = this.#byToken.get(token)
    if (watch === undefined || !(changed === watch.path || isXenstorePath(changed))) return
    try {
      watch.listener(changed)
    } catch (error) {
      this.#onListenerError(error)
    }
  }

  /** Sets all watches on a new connection, where each then fires once. */
  async setAgain(connection: Connection): Promise<void> {
    const watches = [...this.#byToken.values()]
    const replies = await Promise.all(
      watches.map(({ path, token }) => connection.request(MessageType.watch, encodeStrings(path, token))),
    )
    for (const [index, reply] of replies.entries())
      expectPayload(reply, `cannot watch ${watches[index]?.path ?? ''} again`)
  }
}
