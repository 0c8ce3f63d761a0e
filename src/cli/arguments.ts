/** The arguments of the command `sallyport`. */
import { ConfigError, type Environment, type WorkerRole } from '../gateway.js';

export interface Command {
  /** The environment, and what the arguments say instead. */
  readonly settings: Environment;
  /** Given by the supervisor to the processes that it starts; null otherwise. */
  readonly role: WorkerRole | null;
}

const USAGE = 'expected nothing, or --workers N';
/** Only the supervisor passes it. */
const AS_WORKER = '--as-worker';

/** Throws a `ConfigError` for arguments that it does not know. */
export function parseArguments(args: readonly string[], environment: Environment): Command {
  if (args.length === 0) return { settings: environment, role: null };
  const [name, value, ...more] = args.flatMap(splitOnce);
  if (value !== undefined && more.length === 0) {
    if (name === '--workers') return { settings: { ...environment, SALLYPORT_WORKERS: value }, role: null };
    const role = name === AS_WORKER ? parseRole(value) : null;
    if (role !== null) return { settings: environment, role };
  }
  throw new ConfigError([`${args.join(' ')}: ${USAGE}`]);
}

/** The arguments of a worker. They show in lists of processes, so that an operator can tell the workers apart. */
export function argumentsOf({ worker, entryPort, ownPort }: WorkerRole): readonly string[] {
  return [AS_WORKER, [worker, entryPort, ownPort].join(',')];
}

function parseRole(text: string): WorkerRole | null {
  if (!/^\d{1,5},\d{1,5},\d{1,5}$/.test(text)) return null;
  const [worker = 0, entryPort = 0, ownPort = 0] = text.split(',').map(Number);
  return { worker, entryPort, ownPort };
}

/** `--name=value` as two. */
function splitOnce(argument: string): readonly string[] {
  const at = argument.indexOf('=');
  return at < 0 ? [argument] : [argument.slice(0, at), argument.slice(at + 1)];
}
