import { describe, expect, test } from 'vitest'
import { loadDaemonConfig, snakeCase } from '../../src/config/load-daemon-config.ts'

const load = (text: string) => loadDaemonConfig(text, { file: 'tetrarchd.toml' })

describe('the daemon configuration', () => {
  test('has a default for everything', () => {
    const config = load('')
    expect(config.paths.guests).toBe('/etc/tetrarch/guests')
    expect(config.http.maxBodyBytes).toBe(262_144)
  })

  test('is written in snake case', () => {
    const config = load('[libxl]\nmax_workers = 8\ncreate_deadline_ms = 1000\n[boot_loader]\nmemory_mib = 256\n')
    expect(config.libxl).toMatchObject({ maxWorkers: 8, createDeadlineMs: 1000, warmWorkers: 0 })
    expect(config.bootLoader.memoryMiB).toBe(256)
  })

  test.each([
    ['dom0ReserveMiB', 'dom0_reserve_mib'],
    ['idleMs', 'idle_ms'],
    ['bootLoader', 'boot_loader'],
  ])('%s is written %s', (name, written) => {
    expect(snakeCase(name)).toBe(written)
  })

  test.each([
    [
      '[libxl]\n\n  max_worker = 2\n',
      'there is no key "max_worker"',
      'tetrarchd.toml:3:3',
      'did you mean "max_workers"?',
    ],
    ['[libx]\n', 'there is no table "libx"', 'tetrarchd.toml:1:1', 'did you mean "libxl"?'],
    ['libxl = 3\n', '"libxl" is a table', 'tetrarchd.toml:1:1', 'write [libxl]'],
  ])('refuses %j', (text, what, where, fix) => {
    expect(() => load(text)).toThrow(expect.objectContaining({ code: 'config-invalid', parts: { what, where, fix } }))
  })

  test('refuses a value that cannot be, with its place', () => {
    const text = '[http]\nmax_connections = "many"\n'
    expect(() => load(text)).toThrow(/^tetrarchd\.toml:2:1: max_connections: /)
  })

  test('says where the TOML ends to be TOML', () => {
    expect(() => load('[http]\nmax_connections = \n')).toThrow(expect.objectContaining({ code: 'config-syntax' }))
    expect(() => load('[http]\nmax_connections = \n')).toThrow(/^tetrarchd\.toml:2:\d+: /)
  })
})
