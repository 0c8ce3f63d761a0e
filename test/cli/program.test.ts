/** The program as the shell starts it: the default command, exit codes, completion. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../../src/lib/version.js';
import { eventually } from '../support/eventually.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import { MAIN, runCli, startCli } from '../support/run-cli.js';

describe('the program', () => {
  it('CM1 the file begins so that a shell can run it', async () => {
    expect(readFileSync(MAIN, 'utf8').split('\n')[0]).toBe('#!/usr/bin/env node');
    expect(await runCli(['--version'])).toEqual({ code: 0, out: `${VERSION}\n`, err: '' });
  });

  it('CM1, CM9 serve is the command that runs without a name, and ignores the variables of the others', async () => {
    const more = { SALLYPORT_URL: 'http://x', SALLYPORT_KEY: 'k', SALLYPORT_CREDENTIAL: 'c' };
    const bare = await startGatewayProcess(more);
    const named = startCli(['serve'], { SALLYPORT_PORT: '0', ...more });
    await named.shows('"event":"listening"');
    named.child.kill('SIGTERM');
    expect([await bare.stop(), (await named.ended).code]).toEqual([0, 0]);
  });

  it('CM2 an unknown flag starts nothing and ends with 2', async () => {
    const { code, out, err } = await runCli(['--prot', '1'], { SALLYPORT_PORT: '0' });
    expect([code, out, err]).toEqual([2, '', expect.stringContaining('unknown flag --prot')]);
  });

  it('CM4 wrong settings are exit code 78 for serve and for check-config, with the same problems', async () => {
    const env = { SALLYPORT_PORT: 'eighty', SALLYPORT_FLUSHMS: '1' };
    const [serve, check] = await Promise.all([runCli(['serve'], env), runCli(['check-config'], env)]);
    expect([serve.code, check.code]).toEqual([78, 78]);
    expect(serve.err.split('\n').slice(1)).toEqual(check.err.split('\n').slice(1));
  });

  it('CM4 a reader that closes the pipe early is no error', async () => {
    const child = spawn('sh', ['-c', `${process.execPath} ${MAIN} --help | head -1; echo`], { stdio: 'pipe' });
    let [out, err] = ['', ''];
    child.stdout.on('data', (text: Buffer) => (out += String(text)));
    child.stderr.on('data', (text: Buffer) => (err += String(text)));
    await eventually(() => (child.exitCode === null ? 'it runs' : null), 20_000);
    expect([out.split('\n')[0], err]).toEqual(['Sallyport, a realtime session and relay gateway.', '']);
  });
});

describe('completion', () => {
  const bash = (script: string) => spawnSync('bash', ['-c', script], { encoding: 'utf8' });

  it('CM10 the script for bash parses, and offers commands, flags and choices', async () => {
    const { out, code } = await runCli(['completion', 'bash']);
    expect(code).toBe(0);
    expect(bash(out)).toMatchObject({ status: 0, stderr: '' });
    const offered = (...words: readonly string[]): readonly string[] => {
      const line = words.map((word) => `'${word}'`).join(' ');
      const probe = `${out}\nCOMP_WORDS=(${line}); COMP_CWORD=${String(words.length - 1)}; _sallyport; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return bash(probe).stdout.trimEnd().split('\n').filter(Boolean);
    };
    expect(offered('sallyport', 'se')).toEqual(['serve', 'sessions']);
    expect(offered('sallyport', '--key', 'k', 'sessions', '')).toEqual(
      expect.arrayContaining(['list', 'show', 'members', 'create', 'end', '--help']),
    );
    expect(offered('sallyport', 'sessions', 'show', '0123456789ab-S', '--u')).toEqual(['--url']);
    expect(offered('sallyport', 'mint', 'a', 'b', '--role', '')).toEqual(['host', 'client']);
    expect(offered('sallyport', 'sessions', 'list', '--limit', '')).toEqual([]);
    expect(offered('sallyport', 'completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
    expect(offered('sallyport', '--as')).toEqual([]);
  });

  it.each(['zsh', 'fish'])(
    'CM10 the script for %s names every word and flag, and parses where the shell is',
    async (shell) => {
      const { out, code } = await runCli(['completion', shell]);
      expect(code).toBe(0);
      for (const word of ['check-config', 'sessions', 'members', 'resume-window-ms', 'credential', 'volatile']) {
        expect(out).toContain(word);
      }
      expect(out).not.toContain('as-worker');
      const check = spawnSync(shell, ['-n'], { encoding: 'utf8', input: out });
      const isSound = check.status === 0 && check.stderr === '';
      expect(check.error !== undefined || isSound).toBe(true);
    },
  );
});
