#!/usr/bin/env node
/** The program: gives the command line what it needs of the process. The only file that touches `process`. */
import { fileURLToPath } from 'node:url';
import { runCommandLine } from './cli/command-line.js';

let interrupt: (() => void) | null = null;
let isPipeClosed = false;

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  // The reader of a pipe, such as head, has seen enough. A command that has something to clean up ends as after Ctrl-C.
  if (interrupt === null) process.exit(0);
  if (!isPipeClosed) interrupt();
  isPipeClosed = true;
});

const code = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  print: (text) => process.stdout.write(text),
  note: (text) => process.stderr.write(text),
  // Opened by the commands that read it.
  get input() {
    return process.stdin;
  },
  onInterrupt: (run) => {
    interrupt = run;
    process.on('SIGINT', run);
    process.on('SIGTERM', run);
  },
  process,
  main: fileURLToPath(import.meta.url),
});
if (code !== null) process.exitCode = code;
