/** The process of a worker that holds connections: it gets its job, then does one command after the other. */
import { answerParent, messageOf, serveParent } from '../processes/worker-process.js';
import { command, visitJob, type VisitAnswer, type VisitCommand } from './visit-job.js';
import { VisitRun } from './visit-run.js';

const answer = (message: VisitAnswer): void => answerParent(message);
let run: VisitRun | null = null;

serveParent((message) => {
  if (run === null) run = new VisitRun(visitJob.parse(message), (progress) => answer({ progress }));
  else obey(run, command.parse(message)).then(answer, (error: unknown) => answer({ failure: messageOf(error) }));
});

async function obey(visits: VisitRun, asked: VisitCommand): Promise<VisitAnswer> {
  switch (asked.do) {
    case 'connect':
      return { stage: await visits.connect(asked.atOnce) };
    case 'drop':
      visits.drop();
      return { in: visits.count };
    case 'return':
      return { stage: await visits.comeBack(asked) };
    case 'count':
      return { in: visits.count };
  }
}
