/**
 * Loads the engine: uWebSockets.js if a build of it loads, else `ws` on Node's own HTTP server, which runs everywhere and
 * costs several times as much CPU time. One build comes with the gateway; operators may install the newer one beside it.
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
  readonly package: string;
  readonly load: () => unknown;
  /** The package that an operator installs; null: it comes with the gateway. */
  readonly source: string | null;
}

/**
 * The engine of this choice. `auto`: the first that loads, 20.51 before 20.57, then `ws`. Throws with the problem of the
 * build that was chosen and does not load. `require`: Node's own, unless a test gives another.
 */
export function loadEngine(
  choice: EngineChoice = 'auto',
  require: (name: string) => unknown = createRequire(import.meta.url),
): Engine {
  process.env[ENGINE_HEAD_LIMIT] = String(2 * MAX_HEAD_BYTES);
  const { platform, arch, versions } = process;
  const problems: string[] = [];
  for (const build of buildsFrom(require).filter((each) => choice === 'auto' || choice === each.choice)) {
    try {
      const module = build.load();
      if (isEngine(module)) return { ...pick(module), name: build.name, problems, isSlow: false };
      problems.push(`${build.name}: loaded, but it is not the engine`);
    } catch (error) {
      // Nobody misses a build that they did not install.
      if (choice === 'auto' && build.source !== null && isNotInstalled(build, error)) continue;
      problems.push(`${build.name}: ${isNotInstalled(build, error) ? howToInstall(build) : causeOf(error)}`);
    }
  }
  if (choice === 'auto' || choice === 'ws') return { ...wsEngine(), problems, isSlow: true };
  throw new Error(
    `SALLYPORT_ENGINE=${choice} does not load on ${platform} ${arch} with Node ${versions.node}; what loads where is in ` +
      `the README, "The WebSocket engine".\n  ${problems.join('\n  ')}`,
  );
}

/** In the order of `auto`. 20.51 is what the tests run on, and it loads wherever 20.57 does. */
function buildsFrom(require: (name: string) => unknown): readonly Build[] {
  return [
    {
      choice: '20.51',
      name: 'uWebSockets.js 20.51.0',
      package: 'uws-portable',
      load: () => require('uws-portable'),
      source: null,
    },
    {
      choice: '20.57',
      name: 'uWebSockets.js 20.57.0',
      package: 'uws-current',
      load: () => require('uws-current'),
      source: 'npm:@btc-vision/uwebsockets.js@20.57.0',
    },
  ];
}

/** The package itself is missing, not a file that it needs. */
function isNotInstalled({ package: name }: Build, error: unknown): boolean {
  return error instanceof Error && error.message.startsWith(`Cannot find module '${name}'`);
}

function howToInstall({ package: name, source }: Build): string {
  return source === null
    ? `the package ${name} comes with the gateway, but is not installed`
    : `it does not come with the gateway; npm install ${name}@${source}`;
}

function isEngine(module: unknown): module is EngineModule {
  if (typeof module !== 'object' || module === null) return false;
  const has = (name: string): boolean => typeof Reflect.get(module, name) === 'function';
  return has('App') && has('us_listen_socket_close') && has('us_socket_local_port');
}

function pick({ App, us_listen_socket_close, us_socket_local_port }: EngineModule): EngineModule {
  return { App, us_listen_socket_close, us_socket_local_port };
}

/** The line that says what is wrong: the engine's own words come first, then the cause, then who required what. */
function causeOf(error: unknown): string {
  const [text = ''] = (error instanceof Error ? error.message : String(error)).split('\nRequire stack:');
  return (text.split('\n').findLast((line) => line.trim() !== '') ?? text).trim();
}
