/** The process of a load worker: its first message is its job, each later one a command. */
import { yieldHelperThreads } from '../processes/helper-threads.js';
import { answerParent, serveParent } from '../processes/worker-process.js';
import { command, job, type Answer, type Command } from './job.js';
import { WorkerClients } from './worker-clients.js';

const answer = (message: Answer): void => answerParent(message);
let clients: WorkerClients | null = null;

serveParent((message) => {
  if (clients === null) {
    yieldHelperThreads();
    clients = new WorkerClients(job.parse(message), (progress) => answer({ progress }));
    return;
  }
  obey(clients, command.parse(message)).then(answer, (error: unknown) => {
    answer({ failure: error instanceof Error ? error.message : String(error) });
  });
});

async function obey(own: WorkerClients, asked: Command): Promise<Answer> {
  switch (asked.do) {
    case 'connect':
      return { stage: await own.connect(asked.atOnce) };
    case 'return':
      return { stage: await own.resume(asked.spreadMs, asked.withinMs) };
    case 'send':
      return { part: await own.send(asked, (interval) => answer({ interval })) };
    case 'drop':
      own.drop();
      return { connected: own.count };
    case 'count':
      return { connected: own.count };
  }
}
