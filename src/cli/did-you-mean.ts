import { TetrarchError, fail } from '../words/errors.ts'
import type { Context } from './context.ts'

/** Does something with a guest; when there is no such guest, the error names the one that was meant. */
export async function onGuest<T>({ client }: Context, guest: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof TetrarchError) || error.code !== 'not-found') throw error
    const { didYouMean } = await import('../config/similar.ts')
    const names = (await client.call('guests', {})).map(({ name }) => name)
    const meant = didYouMean(guest, names)
    if (meant === undefined) throw error
    throw fail('not-found', { ...error.parts, fix: `did you mean "${meant}"?` }, { cause: error })
  }
}
