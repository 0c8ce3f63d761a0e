/**
 * Loads the engine: the newer of two builds of uWebSockets.js if it loads, else the other, else `ws` on Node's own HTTP
 * server, which runs everywhere and costs several times as much CPU time.
 */
import { createRequire } from 'node:module';
import type { Engine, EngineChoice, EngineModule } from './engine.js';
import { MAX_HEAD_BYTES } from './header-guard.js';
import { wsEngine } from './ws-app.js';

/**
 * The newer build answers heads over 4 KiB with its own 431, unless this environment variable sets another size at load
 * time. An operator's value is overridden: the gateway documents its own limit. The value is twice that limit, because
 * the engine counts parts that the guard does not (blanks, the method), and the guard must see a head to refuse it by
 * name. The older build ignores the variable.
 */
const ENGINE_HEAD_LIMIT = 'UWS_HTTP_MAX_HEADERS_SIZE';

interface Build {
  readonly choice: EngineChoice;
  readonly name: string;
  readonly load: () => unknown;
}

/**
 * The engine of this choice. `auto`: the first that loads, in the order of speed. Throws with the problem of the build
 * that was chosen and does not load.
 */
export function loadEngine(choice: EngineChoice = 'auto'): Engine {
  const require = createRequire(import.meta.url);
  process.env[ENGINE_HEAD_LIMIT] = String(2 * MAX_HEAD_BYTES);
  const { platform, arch, versions } = process;
  const builds: readonly Build[] = [
    { choice: '20.57', name: 'uWebSockets.js 20.57.0', load: (): unknown => require('uws-current') },
    { choice: '20.51', name: 'uWebSockets.js 20.51.0', load: (): unknown => require('uws-portable') },
  ];
  const problems: string[] = [];
  for (const { name, load } of builds.filter((build) => choice === 'auto' || choice === build.choice)) {
    try {
      const module = load();
      if (isEngine(module)) return { ...pick(module), name, problems, isSlow: false };
      problems.push(`${name}: loaded, but it is not the engine`);
    } catch (error) {
      problems.push(`${name}: ${firstLine(error)}`);
    }
  }
  if (choice === 'auto' || choice === 'ws') return { ...wsEngine(), problems, isSlow: true };
  throw new Error(
    `SALLYPORT_ENGINE=${choice} does not load on ${platform} ${arch} with Node ${versions.node}; what loads where is in ` +
      `the README, "The WebSocket engine".\n  ${problems.join('\n  ')}`,
  );
}

function isEngine(module: unknown): module is EngineModule {
  if (typeof module !== 'object' || module === null) return false;
  const has = (name: string): boolean => typeof Reflect.get(module, name) === 'function';
  return has('App') && has('us_listen_socket_close') && has('us_socket_local_port');
}

function pick({ App, us_listen_socket_close, us_socket_local_port }: EngineModule): EngineModule {
  return { App, us_listen_socket_close, us_socket_local_port };
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n').findLast((line) => line.trim() !== '') ?? text).trim();
}
