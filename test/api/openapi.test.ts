import { expect, test } from 'vitest'
import { endpoints } from '../../src/api/endpoints.ts'
import { openApiDocument } from '../../src/api/openapi.ts'

interface Operation {
  readonly operationId: string
  readonly requestBody?: unknown
}

const document = openApiDocument('1.2.3') as unknown as {
  readonly info: { readonly version: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

test.each(Object.entries(endpoints))('%s stands in the document', (operationId, { method, path }) => {
  const braced = path.replaceAll(/:(\w+)/g, '{$1}')
  expect(document.paths[braced]?.[method.toLowerCase()]).toMatchObject({ operationId })
})

test('every reference leads somewhere', () => {
  const text = JSON.stringify(document)
  const references = new Set(Array.from(text.matchAll(/"\$ref":"#([^"]+)"/g), ([, pointer]) => pointer ?? ''))
  expect(references.size).toBeGreaterThan(5)
  for (const pointer of references) {
    const found = pointer
      .slice(1)
      .split('/')
      .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document)
    expect(found, pointer).toBeDefined()
  }
})

test('unknown fields are refused in it as in the daemon', () => {
  expect(JSON.stringify(document.paths['/v1/guests']?.['post']?.requestBody)).toContain('"additionalProperties":false')
})
