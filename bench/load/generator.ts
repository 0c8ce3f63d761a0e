/** A load worker's process: gets one job from its parent, lets its clients join, waits for the start, answers, and ends. */
import { demand } from '../processes/changes.js';
import { yieldHelperThreads } from '../processes/helper-threads.js';
import { go, job, type Answer } from './job.js';
import { Run } from './run.js';

process.once('message', (message: unknown) => {
  work(message).catch((error: unknown) => {
    answer({ failure: error instanceof Error ? error.message : String(error) }, () => process.exit(0));
  });
});

/** Not without its parent. */
process.once('disconnect', () => process.exit(1));

async function work(message: unknown): Promise<void> {
  yieldHelperThreads();
  const asked = job.parse(message);
  const run = new Run(asked, (interval) => answer({ interval }));
  await run.join();
  const started = new Promise((resolve) => process.once('message', resolve));
  answer({ joined: asked.handshakes.length });
  const { startUs } = go.parse(await started);
  answer({ part: await run.measure(startUs) }, () => process.exit(0));
}

function answer(message: Answer, onSent: () => void = () => undefined): void {
  demand(process.send !== undefined, 'a load worker is started by the bench');
  process.send(message, onSent);
}
