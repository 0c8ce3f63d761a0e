/** Makes sure of a real Redis for the whole run, whatever the machine has. Tests take its URL by `inject('redisUrl')`. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { hasCommand, installPackages } from './packages.js';
import { freePort, hasRedisServer, startRedisServer, untilAnswers } from './redis-server.js';

declare module 'vitest' {
  export interface ProvidedContext {
    redisUrl: string;
  }
}

interface ProvidedRedis {
  readonly url: string;
  stop(): Promise<void>;
}

const run = promisify(execFile);
/** Commands; their Debian packages have the same names. */
const PROGRAMS = ['chromium', 'haproxy', 'nginx'] as const;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await findRedis();
  await findPrograms();
  project.provide('redisUrl', redis.url);
  return () => redis.stop();
}

async function findRedis(): Promise<ProvidedRedis> {
  const given = process.env['SALLYPORT_TEST_REDIS_URL'];
  if (given !== undefined && given !== '') {
    await untilAnswers(given);
    return { url: given, stop: async () => undefined };
  }
  if ((await hasRedisServer()) || ((await installPackages('redis-server')) && (await hasRedisServer())))
    return startRedisServer();
  const container = await startContainer();
  if (container !== null) return container;
  throw new Error(
    'The tests need a Redis (7 or later): install redis-server (apt-get install redis-server, brew install redis), ' +
      'or start Docker, or set SALLYPORT_TEST_REDIS_URL=redis://host:port to one that tests may write to.',
  );
}

/** A browser, and proxies as operators run them. A test whose program is missing fails, and says what to install. */
async function findPrograms(): Promise<void> {
  const found = await Promise.all(PROGRAMS.map(hasCommand));
  const missing = PROGRAMS.filter((_, at) => found[at] === false);
  if (missing.length > 0) await installPackages(...missing);
}

async function startContainer(): Promise<ProvidedRedis | null> {
  const port = await freePort();
  const args = ['run', '--rm', '--detach', '--publish', `127.0.0.1:${port}:6379`, 'redis:7-alpine', 'redis-server'];
  try {
    const { stdout } = await run('docker', [...args, '--save', '', '--appendonly', 'no']);
    const url = `redis://127.0.0.1:${port}`;
    const stop = async (): Promise<void> => {
      await run('docker', ['kill', stdout.trim()]);
    };
    await untilAnswers(url).catch(async (error: unknown) => {
      await stop();
      throw error;
    });
    return { url, stop };
  } catch {
    return null;
  }
}
