import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderCliPage } from '../../../scripts/docs/cli-page.js';
import { COMMANDS } from '../../../src/cli/commands.js';
import { EXIT_CODES } from '../../../src/cli/exit-codes.js';
import { SCOPES } from '../../../src/ports/key-store.js';
import { VERSION } from '../../../src/lib/version.js';
import { runHere as run } from '../../support/run-cli.js';

const names = COMMANDS.map(({ words }) => words.join(' '));

describe('help', () => {
  it('CM1 --help names every command and every exit code, on standard output', async () => {
    for (const args of [['--help'], ['-h']]) {
      const { code, out, err } = await run(args);
      expect([code, err]).toEqual([0, '']);
      for (const name of names) expect(out).toContain(`\n  ${name} `);
      for (const [number, meaning] of EXIT_CODES)
        expect(out).toMatch(new RegExp(`\n  ${number} +${meaning.slice(0, 20)}`));
    }
  });

  it.each(names)('CM1 %s --help names all its flags and operands, and an example', async (name) => {
    const command = COMMANDS.find(({ words }) => words.join(' ') === name);
    const { code, out, err } = await run([...name.split(' '), '--help']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`usage: sallyport ${name}`);
    for (const flag of command?.flags ?? []) expect(out.includes(`--${flag.name}`)).toBe(flag.isHidden !== true);
    for (const operand of command?.operands ?? []) expect(out).toContain(`\n  ${operand.name} `);
    for (const example of command?.examples ?? []) expect(out).toContain(`  sallyport ${example}\n`);
    expect(command?.examples.every((example) => example.startsWith(name))).toBe(true);
  });

  it('CM1 a group has help, and --version shows the version', async () => {
    expect(await run(['sessions', '--help'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('sessions end SESSION'),
    });
    for (const flag of ['--version', '-V'])
      expect(await run([flag])).toEqual({ code: 0, out: `${VERSION}\n`, err: '' });
  });

  it('CM1 the help of keys create names every scope', async () => {
    const { out } = await run(['keys', 'create', '--help']);
    for (const scope of SCOPES) expect(out).toContain(scope);
  });
});

describe('a wrong command line', () => {
  it.each<[string, readonly string[], string]>([
    [
      'a command',
      ['sesions', 'list'],
      'there is no such command: sesions; did you mean sessions?\nSee: sallyport --help\n',
    ],
    [
      'a command of a group',
      ['sessions', 'lst'],
      'did you mean list?: expected one of list, show, members, create, end\n',
    ],
    ['a group alone', ['keys'], 'keys: expected one of list, create, delete\nSee: sallyport keys --help\n'],
    ['a flag', ['--wrokers', '2'], 'unknown flag --wrokers; did you mean --workers?\n'],
    [
      'a flag behind a command',
      ['sessions', 'list', '--limt=3'],
      'did you mean --limit?\nSee: sallyport sessions list --help\n',
    ],
    ['a short flag', ['-x'], 'unknown flag -x'],
    ['a flag of another command', ['sessions', 'list', '--ban'], 'sessions list takes no --ban\n'],
    ['a word behind serve', ['serve', '2'], 'serve takes no arguments, got 1\n'],
    ['a number instead of a command', ['2'], 'there is no such command\n'],
    ['an absent value', ['--workers'], '--workers needs a value: N\n'],
    ['an empty value', ['--workers='], '--workers needs a value: N\n'],
    ['a flag as a value', ['keys', 'list', '--key', '--url', 'http://x'], '--key needs a value; write --key=KEY'],
    ['a value for a flag without one', ['keys', 'list', '--json=yes'], '--json takes no value\n'],
    ['a flag given twice', ['--workers', '2', '--workers', '3'], '--workers is given twice\n'],
    ['an absent operand', ['sessions', 'show'], 'SESSION is missing\n'],
    ['an empty operand', ['sessions', 'show', ''], 'SESSION is empty\n'],
    ['too many operands', ['mint', 'a', 'b', 'c'], 'mint takes 2 arguments, got 3\n'],
    ['a value out of a list', ['mint', 'a', 'b', '--role', 'king'], '--role: expected one of host, client\n'],
    ['an operand out of a list', ['completion', 'tcsh'], 'SHELL: expected one of bash, zsh, fish\n'],
    ['the role of a worker', ['--as-worker', '1'], '--as-worker: only a supervisor gives it\n'],
    ['a number', ['sessions', 'list', '--limit', '1e2', '--key', 'k'], '--limit: expected an integer from 1 to 100\n'],
    ['a number out of range', ['sessions', 'list', '--limit', '101', '--key', 'k'], 'from 1 to 100\n'],
    ['no key', ['sessions', 'list'], 'an API key is missing: set SALLYPORT_KEY, or give --key\n'],
    ['two users to kick', ['kick', 's', '--index', '1', '--user-id', 'a'], 'expected exactly one of'],
    ['no user to kick', ['kick', 's'], 'expected exactly one of'],
    ['metadata', ['sessions', 'create', '--metadata', '[1]'], '--metadata: expected a JSON object\n'],
    ['a label', ['sessions', 'create', '--label', 'eu'], '--label: expected NAME=VALUE\n'],
    ['no scope', ['keys', 'create', 'name'], '--scope is missing'],
    ['no credential', ['connect'], 'a credential is missing: set SALLYPORT_CREDENTIAL'],
    ['a session without a user', ['connect', 's'], 'SESSION needs a --user-id'],
    ['a user without a session', ['connect', '--user-id', 'a'], '--user-id needs a SESSION'],
    ['a presence state', ['connect', '--state', '{', '--credential', 'c'], '--state: expected JSON\n'],
    ['a target', ['connect', '--to', '-1', '--credential', 'c'], '--to needs a value'],
    ['a port', ['webhooks', 'listen', '--port', '0', '--key', 'k'], '--port: expected an integer from 1 to 65535\n'],
    [
      'a URL',
      ['webhooks', 'listen', '--forward', 'ftp://x', '--key', 'k'],
      '--forward: expected an http or https URL\n',
    ],
    ['a target out of range', ['connect', '--to', '65536', '--credential', 'c'], "--to: expected a member's index\n"],
  ])('CM2 is refused by name and with exit code 2: %s', async (_, args, message) => {
    const { code, out, err } = await run(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err).toMatch(/^sallyport: .*\nSee: sallyport .*--help\n$/);
  });

  it('CM2 flags may stand before the command, and a value that begins with - behind an equals sign', async () => {
    expect(await run(['--json', 'check-config'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('"valid":true'),
    });
    const { err } = await run(['--key=-k', '--url', 'ftp://x', 'sessions', 'list']);
    expect(err).toContain('--url: expected an http or https URL');
  });

  it('CM2 no two commands use a flag of one name in different ways', () => {
    const flags = COMMANDS.flatMap((command) => command.flags);
    for (const { name, value, short } of flags) {
      const same = flags.filter((flag) => flag.name === name);
      expect(same.every((flag) => (flag.value === undefined) === (value === undefined) && flag.short === short)).toBe(
        true,
      );
    }
  });

  const SECRET = 'sp_live_0123456789abcdef_0123456789abcdef0123456789abcdef0123456789a_abcdef';
  it.each<[string, readonly string[]]>([
    ['in place of a command', [SECRET]],
    ['behind a command', ['sessions', 'list', SECRET]],
    ['behind a command of a group', ['sessions', SECRET]],
    ['behind a wrong flag', ['sessions', 'list', '--kye', SECRET]],
    ['within a wrong flag', ['sessions', 'list', `--kye=${SECRET}`]],
    ['as a flag', ['sessions', 'list', `--${SECRET}`]],
    ['as a short flag', ['sessions', 'list', `-k${SECRET}`]],
    ['as a number', ['sessions', 'list', '--limit', SECRET, '--key', 'k']],
    ['as a choice', ['mint', 'a', 'b', '--role', SECRET]],
    ['as an operand out of a list', ['completion', SECRET]],
    ['in a URL', ['sessions', 'list', '--key', 'k', '--url', `http://user:${SECRET}@127.0.0.1`]],
    ['in the query of a URL', ['sessions', 'list', '--key', 'k', '--url', `http://127.0.0.1?key=${SECRET}`]],
    ['as a URL', ['sessions', 'list', '--key', 'k', '--url', SECRET]],
    ['as a key with a line break', ['sessions', 'list', '--key', `${SECRET}\n`]],
    ['as a key with an umlaut', ['sessions', 'list', `--key=${SECRET}ä`]],
    ['as a key given twice', ['sessions', 'list', '--key', SECRET, '--key', SECRET]],
    ['as a credential with a space', ['connect', '--credential', `${SECRET} x`]],
    ['as a role of a worker', ['--as-worker', SECRET]],
  ])('CM3 no error repeats a secret: %s', async (_, args) => {
    for (const more of [[], ['--json']]) {
      const { code, out, err } = await run([...args, ...more]);
      expect([code, out]).toEqual([2, '']);
      expect(err).not.toContain(SECRET.slice(8, 40));
    }
  });

  it('CM3 no error repeats a secret in a variable', async () => {
    const environment = {
      SALLYPORT_KEY: `${SECRET}\n`,
      SALLYPORT_URL: `http://${SECRET}@x`,
      SALLYPORT_CREDENTIAL: `${SECRET} `,
    };
    for (const args of [['sessions', 'list'], ['connect'], ['nodes', 'list', '--url', 'http://127.0.0.1:9']]) {
      const { code, err } = await run(args, environment);
      expect([code, err.includes(SECRET)]).toEqual([2, false]);
    }
  });
});

describe('check-config', () => {
  it('CM9 names every problem as serve does, with exit code 78, and shows no secret', async () => {
    const environment = { SALLYPORT_PROT: '1', SALLYPORT_ROOT_KEY: 'short-secret' };
    const { code, out, err } = await run(['check-config'], environment);
    expect([code, out]).toEqual([78, '']);
    expect(err).toContain('SALLYPORT_PROT: there is no such key; did you mean SALLYPORT_PORT?');
    expect(err).toContain('SALLYPORT_ROOT_KEY: expected at least 32 characters');
    expect(err).not.toContain('short-secret');
    const json = await run(['check-config', '--json'], environment);
    expect([json.code, JSON.parse(json.out)]).toEqual([
      78,
      {
        valid: false,
        problems: [expect.stringContaining('PROT'), expect.stringContaining('ROOT_KEY')],
        set: Object.keys(environment),
      },
    ]);
  });

  it('CM9 counts --workers, and ignores the variables of the other commands', async () => {
    const { code, err } = await run(['check-config', '--workers', '2']);
    expect([code, err]).toEqual([78, expect.stringContaining('SALLYPORT_REDIS_URL: required')]);
    const environment = {
      SALLYPORT_URL: 'http://x',
      SALLYPORT_KEY: 'k',
      SALLYPORT_CREDENTIAL: 'c',
      SALLYPORT_PORT: '1',
    };
    expect(await run(['check-config'], environment)).toEqual({
      code: 0,
      out: 'The settings are valid: 1 variable set, the rest by default.\n',
      err: '',
    });
    const json = await run(['check-config', '--json'], environment);
    expect(JSON.parse(json.out)).toEqual({ valid: true, problems: [], set: ['SALLYPORT_PORT'] });
  });
});

it('CM11 docs/CLI.md is what the table says, and has every command and flag', () => {
  const page = readFileSync('docs/CLI.md', 'utf8');
  expect(page).toBe(renderCliPage());
  for (const { words, flags } of COMMANDS) {
    const [, section = ''] = page.split(`\n## ${words.join(' ')}\n`);
    const shown = flags.filter(({ isHidden }) => isHidden !== true);
    for (const { name } of shown) expect(section.split('\n## ')[0]).toContain(`--${name}`);
  }
});
