/** A load worker's process: it gets one job from its parent, lets its clients join, waits for the start, answers, ends. */
import { yieldHelperThreads } from '../processes/helper-threads.js';
import { answerParent, messageOf, serveParent } from '../processes/worker-process.js';
import { go, job, type Answer } from './job.js';
import { Run } from './run.js';

const answer = (message: Answer, onSent?: () => void): void => answerParent(message, onSent);
let start: (message: unknown) => void = (message) => {
  work(message).catch((error: unknown) => answer({ failure: messageOf(error) }, () => process.exit(0)));
};

serveParent((message) => start(message));

async function work(message: unknown): Promise<void> {
  yieldHelperThreads();
  const asked = job.parse(message);
  const run = new Run(asked, (interval) => answer({ interval }));
  const started = new Promise((resolve) => (start = resolve));
  await run.join();
  answer({ joined: asked.handshakes.length });
  const { startUs } = go.parse(await started);
  answer({ part: await run.measure(startUs) }, () => process.exit(0));
}
