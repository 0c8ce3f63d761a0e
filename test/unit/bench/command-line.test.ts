import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../../bench/cli/command-line.js';
import { SCENARIOS } from '../../../bench/scenarios/registry.js';
import { givenGateway } from '../../../bench/processes/target.js';

const parse = (...args: readonly string[]): ReturnType<typeof parseCommand> => parseCommand(args, SCENARIOS);

function givenOf(...args: readonly string[]): Readonly<Record<string, unknown>> {
  const command = parse(...args);
  if (command.kind !== 'run') throw new Error('it was to run');
  return command.prepared.given;
}

function helpOf(...args: readonly string[]): string {
  const command = parse(...args);
  if (command.kind !== 'help') throw new Error('it was to help');
  return command.text;
}

describe('the command line of the bench', () => {
  it.each([[], ['--help'], ['-h']])('BN3 lists every scenario: %j', (...args) => {
    const text = helpOf(...args);
    for (const { name, summary } of SCENARIOS) expect(text).toContain(`${name} `.padEnd(15) + summary);
  });

  it.each(SCENARIOS.map(({ name }) => name))('BN3 lists the options of %s, each with what it means', (name) => {
    const text = helpOf(name, '--help');
    const scenario = SCENARIOS.find((each) => each.name === name);
    for (const option of [...Object.keys(scenario?.options.shape ?? {}), 'json', 'html']) {
      expect(text).toMatch(new RegExp(`^  --${option} +\\S`, 'm'));
    }
  });

  it('BN3 takes options by their defaults, by --quick, and as given', () => {
    expect(givenOf('relay')).toMatchObject({
      clients: 400,
      rate: 20,
      class: 'volatile',
      'flush-ms': 'auto',
      workers: 1,
    });
    expect(givenOf('relay', '--quick')).toMatchObject({ clients: 80, seconds: 2 });
    expect(givenOf('relay', '--clients=16', '--quick', '--flush-ms', '5', '--class', 'reliable')).toMatchObject({
      clients: 16,
      'flush-ms': 5,
      class: 'reliable',
    });
  });

  it.each([
    [['reley'], 'no scenario reley (did you mean relay?)'],
    [['relay', '--clientz', '4'], 'relay has no option --clientz (did you mean --clients?)'],
    [['join', '--rate', '4'], 'join has no option --rate'],
    [['relay', '--clients'], '--clients needs a value'],
    [['relay', '--clients', '--rate', '3'], '--clients needs a value'],
    [['relay', '--quick=yes'], '--quick takes no value'],
    [['relay', 'fast'], 'fast is not an option'],
    [['relay', '--clients', 'many'], '--clients: must be a number'],
    [['relay', '--flush-ms', '51'], '--flush-ms: must be at most 50'],
    [['relay', '--url', 'ws://x'], '--url: must be an http or https URL'],
    [['rest', '--only', 'create,drop'], '--only: must be some of create,get,list,authorize,tokens'],
    [['jitter', '--away', '9'], '--away must be shorter than --every'],
  ])('BN3 refuses %j', (args, problem) => {
    expect(() => parse(...args)).toThrow(problem);
  });

  it('BN3 names every problem at once', () => {
    expect(() => parse('relay', '--clients', '1', '--rate', '0')).toThrow(
      '--clients: must be at least 2\n--rate: must be more than 0',
    );
  });

  it('BN3 a gateway at a URL needs a key; its key and its process are of no use without one', () => {
    expect(() => givenGateway({ url: 'http://127.0.0.1:1' })).toThrow('--url needs --key');
    expect(() => givenGateway({ key: 'x' })).toThrow('--key and --pid belong to a --url');
    expect(() => givenGateway({ url: 'http://127.0.0.1:1', key: 'x', redis: true })).toThrow(
      '--redis is for a gateway',
    );
    expect(givenGateway({})).toBeNull();
    expect(givenGateway({ url: 'http://127.0.0.1:1/', key: 'x' })).toMatchObject({
      url: 'http://127.0.0.1:1',
      pid: null,
    });
  });
});
