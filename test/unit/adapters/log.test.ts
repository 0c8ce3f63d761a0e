import { openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPinoLog } from '../../../src/adapters/pino/log.js';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'log-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function linesOf(path: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(path, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

it('LG1 writes named events as JSON lines at or above the level', async () => {
  const path = join(folder, 'events.log');
  const log = createPinoLog({ level: 'info', destination: path, fields: { node: 'n1' } });
  log.debug('too_fine');
  log.info('listening', { port: 8080, tls: false, nothing: undefined });
  log.warn('slow');
  await log.flushLog(2_000);
  const [first, second, ...rest] = await linesOf(path);
  expect(rest).toEqual([]);
  expect(first).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
    node: 'n1',
    event: 'listening',
    port: 8080,
    tls: false,
  });
  expect(second).toMatchObject({ level: 'warn', event: 'slow' });
  expect(log.droppedLines()).toBe(0);
});

it.each(['trace', 'info', 'warn', 'error', 'fatal'] as const)(
  'LO6 at level %s the audit log is written',
  async (level) => {
    const path = join(folder, `audit-${level}.log`);
    const log = createPinoLog({ level, destination: path, fields: { node: 'n1' } });
    log.audit({ action: 'user_blocked', by_key_id: 'key_1', api_key: 'hunter2' });
    await log.flushLog(2_000);
    const audited = { level: 'info', event: 'audit', node: 'n1', action: 'user_blocked', by_key_id: 'key_1' };
    expect(await linesOf(path)).toMatchObject([{ ...audited, api_key: '[redacted]' }]);
  },
);

it('LO6 level silent writes nothing, and a log that gave up writes no audit line either', async () => {
  const path = join(folder, 'no-audit.log');
  const silent = createPinoLog({ level: 'silent', destination: path });
  silent.audit({ action: 'user_blocked' });
  await silent.flushLog(2_000);
  expect(await linesOf(path)).toEqual([]);
  const stopped = createPinoLog({ level: 'warn', destination: openSync(join(folder, 'stopped.log'), 'w') });
  await stopped.flushLog(0);
  expect(() => {
    stopped.audit({ action: 'user_blocked' });
  }).not.toThrow();
});

it('LG2 hides the values of fields that look like secrets', async () => {
  const path = join(folder, 'secrets.log');
  const log = createPinoLog({ level: 'debug', destination: path });
  log.info('odd', { authorization_token: 4711, rootKey: 'hunter2', apiKey: 'hunter2', user_password: 'hunter2' });
  log.info('fine', { key_id: 'key_1', credential_kind: 'pair', has_token: true, tokens_revoked_count: 3 });
  await log.flushLog(2_000);
  const text = await readFile(path, 'utf8');
  expect(text).not.toContain('hunter2');
  expect(text).not.toContain('4711');
  expect((await linesOf(path))[1]).toMatchObject({
    key_id: 'key_1',
    credential_kind: 'pair',
    has_token: true,
    tokens_revoked_count: 3,
  });
});

it('LG2 writes the message, stack and causes of an error, and nothing else that hangs on it', async () => {
  const path = join(folder, 'errors.log');
  const log = createPinoLog({ level: 'error', destination: path });
  const inner = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', command: { args: ['hunter2'] } });
  log.error('store_failed', new TypeError('no answer', { cause: inner }), { operation: 'join' });
  log.error('odd', { password: 'hunter2' });
  await log.flushLog(2_000);
  const [first, second] = await linesOf(path);
  expect(first).toMatchObject({
    event: 'store_failed',
    operation: 'join',
    cause: { type: 'TypeError', message: 'no answer', cause: { message: 'refused', code: 'ECONNREFUSED' } },
  });
  expect(second).toMatchObject({ cause: { type: 'object', message: '[object Object]' } });
  expect(await readFile(path, 'utf8')).not.toContain('hunter2');
});

it('lives on when its sink cannot be written', async () => {
  const path = join(folder, 'read-only.log');
  await writeFile(path, '');
  const log = createPinoLog({ level: 'info', destination: openSync(path, 'r') });
  log.info('lost');
  await log.flushLog(2_000);
  log.info('lost as well');
  await log.flushLog(0);
  expect(log.droppedLines()).toBeGreaterThan(0);
});

it('LG2 of what a parser or a server repeats in its message nothing is written', async () => {
  const path = join(folder, 'quotes.log');
  const log = createPinoLog({ level: 'info', destination: path });
  for (const text of ['hunter2', `{"a":"hunter2","b":hunter2,"c":"${'x'.repeat(80)}"}`, '["hunter2']) {
    log.error(
      'broken',
      thrownBy(() => JSON.parse(text)),
    );
  }
  log.error('refused', new Error("ERR unknown command 'HSET', with args beginning with: 'key' 'hunter2' "));
  log.error('told', new Error('as it was', { cause: thrownBy(() => JSON.parse('hunter2')) }));
  await log.flushLog(2_000);
  expect(await readFile(path, 'utf8')).not.toContain('hunter2');
  const lines = await linesOf(path);
  expect(lines[0]?.['cause']).toMatchObject({ type: 'SyntaxError', message: 'the text is not valid JSON' });
  expect(lines[3]?.['cause']).toMatchObject({ message: "ERR unknown command 'HSET'" });
  expect(lines[4]?.['cause']).toMatchObject({ message: 'as it was', cause: { type: 'SyntaxError' } });
});

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
