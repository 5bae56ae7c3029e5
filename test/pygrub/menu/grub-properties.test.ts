/** The reader of GRUB's scripts against others that read the same: GRUB's own parser for what is a script, bash for what it does. */
import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Budget, BudgetPassed, isRefusal } from '../../../src/pygrub/disk-fault.ts'
import { allEntries } from '../../../src/pygrub/menu/choose.ts'
import { readGrubMenu } from '../../../src/pygrub/menu/grub/grub-menu.ts'
import { parseScript } from '../../../src/pygrub/menu/grub/parser.ts'
import { memoryVolume } from './memory-guest.ts'

const STEPS = 20_000
/** What ends a script that would grow without end. */
const LIMIT = 'grows too long'

/** The title and the command line of each entry, or the limit that ended it. */
function entriesOf(script: string): readonly string[] {
  const volume = memoryVolume('gpt1', { '/vmlinuz': 'k', '/grub.cfg': script })
  const options = {
    volumes: [volume],
    budget: new Budget({ bytes: 1e8, entries: 1e6, steps: STEPS }),
    note(text: string) {
      expect(text).toEqual(expect.any(String))
    },
  }
  try {
    const menu = readGrubMenu(volume, '/grub.cfg', options)
    if (isRefusal(menu)) return [menu.refused]
    return [...allEntries(menu)].map((entry) => {
      const boot = entry.boot()
      return `${entry.title}: ${isRefusal(boot) ? boot.refused : boot.cmdline}`
    })
  } catch (thrown) {
    if (thrown instanceof BudgetPassed) return [thrown.message]
    throw thrown
  }
}

const soup = fc
  .array(
    fc.constantFrom(
      ...[
        'if ',
        'then ',
        'else ',
        'elif ',
        'fi ',
        'for ',
        'in ',
        'while ',
        'until ',
        'do ',
        'done ',
        'function ',
        'f ',
      ],
      ...[
        '{ ',
        '} ',
        ';',
        '\n',
        '"a b" ',
        "'c' ",
        '$x ',
        '${y} ',
        '"$x',
        '" ',
        '# c\n',
        '\\\n',
        '\\',
        'true ',
        '[ ',
        '] ',
      ],
      ...[
        'set x=1 ',
        'menuentry m ',
        'linux /vmlinuz ',
        'false ',
        '|',
        '&&',
        '$',
        '${',
        "'",
        'break ',
        'source /grub.cfg ',
      ],
    ),
    { maxLength: 30 },
  )
  .map((pieces) => pieces.join(''))

test('whatever a script says, reading it ends, and only a budget stops it early', () => {
  fc.assert(
    fc.property(
      fc.oneof(soup, fc.string({ maxLength: 200 }), fc.string({ unit: 'binary', maxLength: 60 })),
      (script) => {
        expect(entriesOf(script)).toEqual(entriesOf(script))
      },
    ),
    { numRuns: 1500 },
  )
})

const GOOD = [
  'if true; then f; fi\n',
  'if [ a = b ]; then f; elif true; then g; else h; fi\n',
  'for i in a b; do f $i; done\n',
  'menuentry m --id x {\nlinux /x\n}\n',
  'function f {\ntrue\n}\n',
  'while f; do true; done\n',
  'until false; do break; done\n',
]
const WORDS = [
  'if',
  'then',
  'elif',
  'else',
  'fi',
  'for',
  'in',
  'while',
  'until',
  'do',
  'done',
  'function',
  '{',
  '}',
  'f',
]

/** Two sound statements, one word of which is left out, or another put before it. */
const mutated = fc
  .record({
    first: fc.constantFrom(...GOOD),
    second: fc.constantFrom(...GOOD),
    at: fc.nat(),
    put: fc.option(fc.constantFrom(...WORDS)),
  })
  .map(({ first, second, at, put }) => {
    const words = (first + second).split(/(?<=[ \n])/)
    words.splice(at % words.length, put === null ? 1 : 0, ...(put === null ? [] : [`${put} `]))
    return words.join('')
  })

test('what GRUB’s parser accepts is understood, and what it refuses is told', () => {
  const accepts = (text: string) => {
    const { status, stderr } = spawnSync('grub-script-check', [], { input: text, encoding: 'utf8' })
    return status === 0 || stderr.includes('no commands')
  }
  fc.assert(
    fc.property(mutated, (text) => {
      expect({ text, isGood: parseScript(text).problems.length === 0 }).toEqual({ text, isGood: accepts(text) })
    }),
    { numRuns: 150 },
  )
})

// But for "$@" without parameters, which is an empty word in GRUB and none in bash.
describe('bash runs the same', () => {
  const name = fc.constantFrom('a', 'b', 'c')
  const word = fc
    .array(
      fc.oneof(
        fc.constantFrom('x', 'y-z', '1', "' s  t '", '"u  v"', '\\ ', '""', "''", '"\\""', '"\'"'),
        fc.constantFrom('$a', '${b}', '"$c"', '"${a}-"', '${1}', '"${2}"', '"$#"'),
      ),
      { minLength: 1, maxLength: 3 },
    )
    .map((parts) => parts.join(''))
  const words = fc.array(word, { minLength: 1, maxLength: 3 }).map((list) => list.join(' '))
  const { statement } = fc.letrec<{ statement: string }>((tie) => {
    const block = fc.array(tie('statement'), { minLength: 1, maxLength: 3 }).map((list) => list.join('\n'))
    const condition = fc.oneof(
      fc
        .tuple(word, fc.constantFrom('=', '!='), word)
        .map(([left, sign, right]) => `[ "x"${left} ${sign} "x"${right} ]`),
      fc.constantFrom('true', 'false'),
    )
    return {
      statement: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.tuple(name, word).map(([variable, value]) => `set ${variable}=${value}`),
        words.map((list) => `say . ${list}`),
        fc.tuple(condition, block, block).map(([test, yes, no]) => `if ${test}; then\n${yes}\nelse\n${no}\nfi`),
        fc.tuple(name, words, block).map(([variable, list, body]) => `for ${variable} in ${list}; do\n${body}\ndone`),
        fc
          .tuple(words, block)
          .map(([list, body]) => `function f {\n${body}\n}\nif [ -z "$in" ]; then\nset in=1\nf ${list}\nset in=\nfi`),
      ),
    }
  })
  const program = fc.array(statement, { minLength: 1, maxLength: 5 }).map((list) => `${list.join('\n')}\n`)

  const inBash = (text: string): string => {
    const helpers = `set -f; shopt -u extglob
set() { local each; for each; do builtin eval "\${each%%=*}=\\\${each#*=}"; done; }
said=; say() { local each; for each; do said="$said<$each>"; done; said="$said;"; }
main() { :; ${text}
}
main; printf %s "$said"`
    return spawnSync('bash', ['-c', helpers], { encoding: 'utf8' }).stdout
  }
  const here = (text: string): string => {
    const helper = 'function say {\nfor each in "$@"; do\nset said="$said<$each>"\ndone\nset said="$said;"\n}\n'
    const [entry = ''] = entriesOf(`${helper}${text}menuentry "$said" {\nlinux /vmlinuz\n}\n`)
    return entry.replace(/: $/, '')
  }

  test('variables, quotes, tests, loops and functions', () => {
    fc.assert(
      fc.property(program, (text) => {
        const said = here(text)
        fc.pre(!said.endsWith(LIMIT))
        expect({ text, said }).toEqual({ text, said: inBash(text) })
      }),
      { numRuns: 100 },
    )
  })
})
