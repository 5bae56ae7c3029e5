import { type JsonHandlers, type Services, ok } from '../handler.ts'

type DefinitionRoute = 'definitions' | 'definition' | 'define' | 'undefine' | 'lint' | 'plan'

export function definitionHandlers({ guests, config }: Services): JsonHandlers<DefinitionRoute> {
  const { definitions } = guests
  return {
    definitions: async () => ok(await definitions.list()),
    definition: async ({ params }) => ok(await definitions.get(params.guest)),
    define: async ({ params, body }) => ok(await definitions.define(params.guest, body)),
    undefine: async ({ params, query }) => ok(await definitions.undefine(params.guest, query.expect)),
    lint: async ({ body }) => ok(await guests.lint(body)),
    plan: async ({ body }) => ok(await guests.plan(body, AbortSignal.timeout(config.tasks.stepMs))),
  }
}
