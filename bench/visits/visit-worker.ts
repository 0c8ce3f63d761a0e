/** The process of a worker that holds connections: gets its job, then does one command after the other, until it is killed. */
import { demand } from '../processes/changes.js';
import { command, visitJob, type VisitAnswer, type VisitCommand } from './visit-job.js';
import { VisitRun } from './visit-run.js';

process.once('message', (message: unknown) => {
  const run = new VisitRun(visitJob.parse(message), (progress) => answer({ progress }));
  process.on('message', (next: unknown) => {
    obey(run, command.parse(next)).then(answer, (error: unknown) => {
      answer({ failure: error instanceof Error ? error.message : String(error) });
    });
  });
});

/** Not without its parent. */
process.once('disconnect', () => process.exit(1));

async function obey(run: VisitRun, asked: VisitCommand): Promise<VisitAnswer> {
  switch (asked.do) {
    case 'connect':
      return { stage: await run.connect(asked.atOnce) };
    case 'drop':
      run.drop();
      return { in: run.count };
    case 'return':
      return { stage: await run.comeBack(asked) };
    case 'count':
      return { in: run.count };
  }
}

function answer(message: VisitAnswer): void {
  demand(process.send !== undefined, 'a load worker is started by the bench');
  process.send(message);
}
