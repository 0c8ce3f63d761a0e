import type { Command } from '../command.js';
import { AS_WORKER, parseWorkerRole } from '../serve/worker-role.js';
import { settingsOf, WORKERS_FLAG } from '../settings.js';

export const serveCommand: Command = {
  words: ['serve'],
  about: 'Run a gateway. Its settings are environment variables (docs/CONFIG.md).',
  details: 'It runs until SIGTERM or Ctrl-C, which drain it; a second one ends it at once.',
  operands: [],
  flags: [
    WORKERS_FLAG,
    { name: AS_WORKER, value: 'ROLE', about: 'Given by the supervisor to its workers.', isHidden: true },
  ],
  examples: ['serve', 'serve --workers 4'],
  async run(given, terminal) {
    const written = given.text(AS_WORKER);
    const role = written === null ? null : parseWorkerRole(written);
    if (written !== null && role === null) throw given.wrong(AS_WORKER, 'only a supervisor gives it');
    const settings = settingsOf(given, terminal.environment);
    // The other commands start without the modules of the gateway.
    const { serve, serveAsWorker } = await import('../serve/serve.js');
    return role === null ? serve(settings, terminal) : serveAsWorker(settings, role, terminal);
  },
};
