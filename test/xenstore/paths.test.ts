import { describe, expect, test } from 'vitest'
import { domid, uuid } from '../../src/words/ids.ts'
import * as paths from '../../src/xenstore/paths.ts'

const guest = domid(12)

test.each([
  [paths.domainPath(guest), '/local/domain/12'],
  [paths.domainName(guest), '/local/domain/12/name'],
  [paths.domainVm(guest), '/local/domain/12/vm'],
  [paths.memoryTarget(guest), '/local/domain/12/memory/target'],
  [paths.controlShutdown(guest), '/local/domain/12/control/shutdown'],
  [paths.consoleTty(guest), '/local/domain/12/console/tty'],
  [paths.serialTty(guest, 0), '/local/domain/12/serial/0/tty'],
  [paths.libxlType(guest), '/libxl/12/type'],
  [paths.libxlDevice(guest, 'vif', 1), '/libxl/12/device/vif/1'],
  [paths.backendPath(domid(0), 'vbd', guest, 51712), '/local/domain/0/backend/vbd/12/51712'],
  [paths.deviceModelState(guest), '/local/domain/0/device-model/12/state'],
  [paths.deviceModelPid(guest), '/local/domain/12/image/device-model-pid'],
  [paths.qdiskBackendPid(guest), '/local/domain/0/libxl/12/qdisk-backend-pid'],
  [
    paths.vmStartTime(uuid('0F1E2D3C-0000-4000-8000-00000000000A')),
    '/vm/0f1e2d3c-0000-4000-8000-00000000000a/start_time',
  ],
  [paths.below(paths.xenstorePath('/'), 'a'), '/a'],
])('%s', (path, expected) => {
  expect(path).toBe(expected)
})

test.each(['', 'relative', '//a', '/a//b', '/a/', '/a b', '/a\0', '/ä', '/a/../b', `/${'x'.repeat(3072)}`])(
  '%j is no path',
  (text) => {
    expect(paths.isXenstorePath(text)).toBe(false)
    expect(() => paths.xenstorePath(text)).toThrow(RangeError)
  },
)

test.each(['/', '/a', '/local/domain/0', '/a-b_c@d', `/${'x'.repeat(3071)}`])('%j is a path', (text) => {
  expect(paths.isXenstorePath(text)).toBe(true)
})

describe('a backend path', () => {
  test('is taken apart', () => {
    expect(paths.parseBackendPath('/local/domain/3/backend/qdisk/12/51712')).toEqual({
      path: '/local/domain/3/backend/qdisk/12/51712',
      backendDomid: 3,
      backendKind: 'qdisk',
      domid: 12,
      devid: 51712,
    })
  })

  test.each([
    '/local/domain/3/backend/vbd/12',
    '/local/domain/3/backend/vbd/12/51712/state',
    '/local/domain/3/backend/vbd/12/x',
    '/local/domain/40000/backend/vbd/12/1',
    '/local/domain/3/data/backend/vbd/12/1',
    '/local/domain/3/backend/vbd/12/1\n',
  ])('is not %j', (text) => {
    expect(paths.parseBackendPath(text)).toBeNull()
  })
})
