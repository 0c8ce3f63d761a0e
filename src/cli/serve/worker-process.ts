/** A worker in a process of its own. It ends when its supervisor does: the channel between them breaks then. */
import { fork } from 'node:child_process';
import type { Environment, WorkerRole } from '../../gateway.js';
import { argumentsOf } from './worker-role.js';
import type { WorkerEnd, WorkerProcess } from './supervisor.js';
import { isListening, STOP } from './worker-link.js';

/** Its output goes to the supervisor's; its log lines name the node and the worker. */
export function startWorkerProcess(main: string, settings: Environment, role: WorkerRole): WorkerProcess {
  const child = fork(main, argumentsOf(role), {
    env: { ...settings },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return {
    pid: child.pid ?? null,
    listening: new Promise((resolve) => {
      child.on('message', (message) => {
        if (isListening(message)) resolve(message.engine);
      });
    }),
    ended: new Promise<WorkerEnd>((resolve) => {
      child.once('exit', (code, signal) => {
        resolve({ code, signal });
      });
      child.once('error', () => {
        // It could not be started; a process that runs reports its exit.
        if (child.pid === undefined) resolve({ code: null, signal: null });
      });
    }),
    stop: () => {
      // A worker that has just ended reports it by its exit.
      child.send(STOP, () => undefined);
    },
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}
