import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a program of somebody who installed the package: it knows what the package exports, and no file of it. */
function run(program: string, env: Readonly<Record<string, string>> = {}) {
  const { PATH = '' } = process.env;
  const options = { cwd: ROOT, encoding: 'utf8', timeout: 60_000, env: { PATH, ...env } } as const;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', program], options);
}

it('OP7 a program that imports the package starts and stops gateways, and then ends by itself', () => {
  const program = `
    import { createGateway } from 'sallyport';
    const settings = { SALLYPORT_PORT: '0', SALLYPORT_LOG_LEVEL: 'silent' };
    const gateways = await Promise.all([createGateway(settings), createGateway(settings)]);
    const listening = await Promise.all(gateways.map((gateway) => gateway.start()));
    const answers = await Promise.all(listening.map(({ url }) => fetch(url + '/readyz')));
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    console.log(JSON.stringify({ statuses: answers.map(({ status }) => status), ports: listening.map(({ port }) => port) }));
  `;
  // Settings of the process are not those of the gateways: with this one they would not start.
  const { status, stdout, stderr } = run(program, { SALLYPORT_PORT: 'nowhere' });
  expect([status, stderr]).toEqual([0, '']);
  const { statuses, ports } = JSON.parse(stdout) as { statuses: number[]; ports: number[] };
  expect(statuses).toEqual([200, 200]);
  expect(new Set(ports).size).toBe(2);
});

it('OP7 wrong settings reject with an error that names each of them', () => {
  const program = `
    import { ConfigError, createGateway } from 'sallyport';
    const error = await createGateway({ SALLYPORT_PORT: 'nowhere', SALLYPORT_SECRET: 'short' }).catch((reason) => reason);
    console.log(JSON.stringify({ isConfigError: error instanceof ConfigError, problems: error.problems }));
  `;
  const { status, stdout } = run(program);
  expect(status).toBe(0);
  const { isConfigError, problems } = JSON.parse(stdout) as { isConfigError: boolean; problems: string[] };
  expect(isConfigError).toBe(true);
  expect(problems.map((problem) => problem.split(':')[0]).toSorted()).toEqual(['SALLYPORT_PORT', 'SALLYPORT_SECRET']);
  expect(stdout).not.toContain('short');
});
