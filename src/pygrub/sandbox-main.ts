/**
 * The program inside the sandbox: reads one task from standard input, carries it out on inherited descriptors,
 * answers with one line of JSON on descriptor 3 and ends. Has no rights of its own; see confinement.ts.
 */
import { readFileSync, writeSync } from 'node:fs'
import { perform } from './extract.ts'
import { DESCRIPTOR, type Task } from './task.ts'

const task = JSON.parse(readFileSync(0, 'utf8')) as Task
const answer = Buffer.from(JSON.stringify(perform(task)))
for (let done = 0; done < answer.length;) done += writeSync(DESCRIPTOR.result, answer, done)
