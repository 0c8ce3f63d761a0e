import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ROOT_KEY } from '../support/gateway.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { runBench } from '../support/run-bench.js';

const TIMEOUT_MS = 120_000;
const SHORT = ['--seconds', '0.4', '--warm-up', '0.1'];

const latency = z.object({ count: z.int().min(1), p50: z.number(), p99: z.number(), hdr: z.string().min(20) });
const counts = z.object({ due: z.int(), delivered: z.int(), lost: z.int(), doubled: z.int(), disordered: z.int() });
const saturation = z.object({ side: z.string(), serverBusy: z.number().nullable(), loadBusy: z.number() });
const head = z.object({ scenario: z.string(), options: z.looseObject({}), broken: z.array(z.string()) });
const load = head.extend({
  counts,
  latency,
  saturation,
  window: z.looseObject({ deliveries: z.int() }),
  samples: z.array(z.object({ untilS: z.number(), due: z.int(), delivered: z.int(), missing: z.int() })).min(3),
});
const step = z.object({ name: z.string(), count: z.int(), perS: z.number().positive(), latency });

describe('npm run bench', () => {
  let dir = '';
  let gateway: GatewayProcess | null = null;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sallyport-bench-test-'));
    gateway = await startGatewayProcess();
  });

  afterAll(async () => {
    await gateway?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  /** The JSON of a run that must end with 0. */
  async function figuresOf<T>(schema: z.ZodType<T>, args: readonly string[], env = {}): Promise<T> {
    const file = join(dir, `${args.join('-').replaceAll(/[^a-z0-9]/g, '')}.json`);
    const { code, stderr } = await runBench('bench', [...args, '--json', file], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  }

  function atUrl(): string[] {
    if (gateway === null) throw new Error('the gateway runs');
    return ['--url', gateway.url];
  }

  it(
    'BN4 relay: a gateway of its own, and a page',
    async () => {
      const page = join(dir, 'relay.html');
      const args = ['relay', '--clients', '16', '--workers', '2', ...SHORT, '--html', page];
      const result = await figuresOf(load, args);
      expect(result.counts).toMatchObject({ lost: 0, doubled: 0, disordered: 0, delivered: result.counts.due });
      expect(result.samples.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(result.counts.delivered);
      expect(result.saturation.serverBusy).toBeGreaterThanOrEqual(0);
      const html = await readFile(page, 'utf8');
      for (const text of ['Latency distribution', 'Throughput', 'Loss', String(result.counts.delivered)]) {
        expect(html).toContain(text);
      }
    },
    TIMEOUT_MS,
  );

  it(
    'BN4 BN5 relay: a gateway that runs already, whose CPU is shown since its process is named; its key is never',
    async () => {
      const page = join(dir, 'url.html');
      const ofGateway = [...atUrl(), '--pid', String(gateway?.child.pid)];
      const args = ['relay', ...ofGateway, '--rooms', '2', '--clients', '8', '--class', 'reliable', ...SHORT];
      const result = await figuresOf(load, [...args, '--html', page, '--key', ROOT_KEY]);
      expect(result.counts).toMatchObject({ lost: 0, delivered: result.counts.due });
      expect(result.saturation.serverBusy).toBeGreaterThanOrEqual(0);
      expect(JSON.stringify(result) + (await readFile(page, 'utf8'))).not.toContain(ROOT_KEY);
    },
    TIMEOUT_MS,
  );

  it(
    'BN1 BN4 relay fails when the server makes deliveries faulty',
    async () => {
      const args = ['relay', '--server', 'bare', '--clients', '16', ...SHORT];
      const { code, stderr } = await runBench('bench', args, { BENCH_FAULT: 'swap' });
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/ [1-9]\d* disordered/) });
    },
    TIMEOUT_MS,
  );

  it(
    'BN4 relay: a loss that is allowed is no failure, and is in the figures',
    async () => {
      const args = ['relay', '--server', 'bare', '--clients', '16', '--max-loss', '5', ...SHORT];
      const { counts: found } = await figuresOf(load, args, { BENCH_FAULT: 'lose' });
      expect(found.lost).toBeGreaterThan(0);
      expect(found.delivered + found.lost).toBe(found.due);
    },
    TIMEOUT_MS,
  );

  it(
    'BN4 fanout: one of each room sends',
    async () => {
      const { counts: found } = await figuresOf(load, ['fanout', '--clients', '20', '--class', 'latest', ...SHORT]);
      expect(found.lost).toBe(0);
      expect(found.due % 19).toBe(0);
      expect(found.due / 19).toBeLessThanOrEqual(20);
    },
    TIMEOUT_MS,
  );

  it(
    'BN4 join: every step has its rate and its latencies',
    async () => {
      const { steps } = await figuresOf(head.extend({ steps: z.array(step) }), [
        'join',
        '--clients',
        '32',
        '--workers',
        '2',
      ]);
      expect(steps.map(({ name, count }) => [name, count])).toEqual([
        ['create', 4],
        ['authorize', 28],
        ['connect', 32],
      ]);
    },
    TIMEOUT_MS,
  );

  it(
    'BN4 BN5 rest: each call has its rate and its latencies; the CPU of a gateway elsewhere is not shown',
    async () => {
      const call = { calls: z.int().min(1), refused: z.literal(0), latency, serverBusy: z.null() };
      const args = ['rest', ...atUrl(), '--only', 'get,tokens', '--connections', '4', '--seconds', '0.2'];
      const schema = head.extend({ calls: z.record(z.string(), z.looseObject(call)) });
      const found = await figuresOf(schema, args, { BENCH_KEY: ROOT_KEY });
      expect(Object.keys(found.calls)).toEqual(['get', 'tokens']);
    },
    TIMEOUT_MS,
  );

  it(
    'BN4 idle: memory per connection, and a bound that it fails at',
    async () => {
      const schema = head.extend({ connected: z.int(), perConnectionKb: z.number(), emptyBytes: z.number() });
      const file = join(dir, 'idle.json');
      const args = ['idle', '--clients', '200', '--max-kb', '0.01', '--json', file];
      const { code, stderr } = await runBench('bench', args);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('a connection costs') });
      const found = schema.parse(JSON.parse(await readFile(file, 'utf8')));
      expect(found.connected).toBe(200);
      expect(found.perConnectionKb).toBeLessThan(1_000);
    },
    TIMEOUT_MS,
  );

  it(
    'BN4 avalanche: all come back as who they were',
    async () => {
      const schema = head.extend({ wanted: z.int(), done: z.int(), strangers: z.int(), latency, sinceStart: latency });
      const found = await figuresOf(schema, ['avalanche', '--clients', '32', '--redis']);
      expect(found).toMatchObject({ wanted: 32, done: 32, strangers: 0 });
    },
    TIMEOUT_MS,
  );

  it(
    'BN4 avalanche fails when somebody cannot resume',
    async () => {
      const seatLost = ['avalanche', '--clients', '16', '--resume-window-ms', '0', '--within', '0.5'];
      const { code, stderr } = await runBench('bench', seatLost);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/of 16 came back: .*HTTP 40/) });
    },
    TIMEOUT_MS,
  );

  it(
    'BN4 capacity: what was tried, and what is carried',
    async () => {
      const schema = head.extend({
        attempts: z.array(z.looseObject({ deliveriesPerS: z.number().positive() })).min(1),
      });
      const file = join(dir, 'capacity.json');
      const { code, stderr } = await runBench('bench', [
        'capacity',
        '--clients',
        '8',
        '--max-clients',
        '8',
        ...SHORT,
        '--json',
        file,
      ]);
      const { broken } = schema.parse(JSON.parse(await readFile(file, 'utf8')));
      // Whether a machine that does other things carries even this is not for a test to say.
      const expected =
        broken.length === 0 ? { code: 0, stderr: '' } : { code: 1, stderr: expect.stringContaining('carried') };
      expect({ code, stderr }).toEqual(expected);
    },
    TIMEOUT_MS,
  );

  it(
    'BN4 jitter: at a gateway that runs already',
    async () => {
      const times = ['--seconds', '1', '--every', '1', '--away', '0.2', '--quick'];
      const args = ['jitter', ...atUrl(), '--key', ROOT_KEY, '--clients', '16', ...times];
      const { result } = await figuresOf(head.extend({ result: z.looseObject({ returns: z.int() }) }), args);
      expect(result.returns).toBe(16);
    },
    TIMEOUT_MS,
  );

  it('BN3 BN4 what cannot be is refused before anything starts', async () => {
    const { code, stdout, stderr } = await runBench('bench', ['relay', '--clients', '9']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('must be a multiple of --rooms-of 8'),
    });
    expect(stdout).not.toContain('deliveries');
    expect(await runBench('bench', ['fanout', '--speed', '9'])).toMatchObject({ code: 1, stdout: '' });
  });
});
