/** The load generator, seen by who starts it: a process of its own, so that its work is not the bench's nor the server's. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { onCore } from '../cores.js';
import { result, type Job, type Result } from './job.js';

const SCRIPT = fileURLToPath(new URL('./generator.js', import.meta.url));
const answer = z.union([z.object({ result }), z.object({ failure: z.string() })]);

/** Does the job in a new process. Rejects with what went wrong there. It ends with this process, whatever happens. */
export function generateLoad(job: Job, core: number | null): Promise<Result> {
  const [program, args] = onCore(core, [process.execPath, SCRIPT]);
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      reject(new Error(`the load generator ended without an answer: ${signal ?? `exit ${code ?? 'unknown'}`}`));
    });
    child.once('message', (message: unknown) => {
      const given = answer.parse(message);
      if ('result' in given) resolve(given.result);
      else reject(new Error(given.failure));
    });
    child.send(job);
  });
}
