import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A pty whose other side the test holds, in the role of xenconsoled or QEMU. */
export interface RealPty {
  /** The slave, /dev/pts/N. */
  readonly path: string
  /** What the guest prints. */
  say(bytes: string | Buffer): void
  /** Resolves when the guest was typed this. */
  typed(text: string): Promise<void>
  /** The guest dies. */
  hangUp(): Promise<void>
}

export async function openRealPty(): Promise<RealPty> {
  const python = spawn('python3', [join(import.meta.dirname, 'real-pty.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [first] = (await once(python.stdout, 'data')) as [Buffer]
  let input = ''
  python.stdout.on('data', (bytes: Buffer) => (input += bytes.toString()))
  return {
    path: first.toString().trim(),
    say: (bytes) => python.stdin.write(bytes),
    async typed(text) {
      while (!input.includes(text)) await once(python.stdout, 'data')
    },
    async hangUp() {
      if (python.exitCode !== null) return
      python.stdin.end()
      await once(python, 'exit')
    },
  }
}
