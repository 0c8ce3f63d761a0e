/** The load generator's process: gets one job from its parent, does it, answers, and ends. See load-process.ts. */
import { demand } from '../changes.js';
import { job } from './job.js';
import { Run } from './run.js';

process.once('message', (message: unknown) => {
  new Run(job.parse(message)).measure().then(
    (result) => {
      answer({ result });
    },
    (error: unknown) => {
      answer({ failure: error instanceof Error ? error.message : String(error) });
    },
  );
});

/** Not without its parent. */
process.once('disconnect', () => process.exit(1));

function answer(message: object): void {
  demand(process.send !== undefined, 'the load generator is started by the bench');
  process.send(message, () => process.exit(0));
}
