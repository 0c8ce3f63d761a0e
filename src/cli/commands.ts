/** All commands, in the order of --help. The first one runs when the arguments name none. */
import type { Command } from './command.js';
import { checkConfigCommand } from './commands/check-config.js';
import { completionCommand } from './commands/completion.js';
import { connectCommand } from './commands/connect.js';
import { eventsCommand } from './commands/events.js';
import { KEY_COMMANDS } from './commands/keys.js';
import { kickCommand } from './commands/kick.js';
import { mintCommand } from './commands/mint.js';
import { NODE_COMMANDS } from './commands/nodes.js';
import { serveCommand } from './commands/serve.js';
import { SESSION_COMMANDS } from './commands/sessions.js';
import { WEBHOOK_COMMANDS } from './commands/webhooks.js';

export const COMMANDS: readonly [Command, ...Command[]] = [
  serveCommand,
  checkConfigCommand,
  ...SESSION_COMMANDS,
  kickCommand,
  mintCommand,
  connectCommand,
  eventsCommand,
  ...WEBHOOK_COMMANDS,
  ...KEY_COMMANDS,
  ...NODE_COMMANDS,
  completionCommand(() => COMMANDS),
];
