import { expect, test } from 'vitest';
import { argumentsOf, parseArguments } from '../../../src/cli/arguments.js';
import { ConfigError } from '../../../src/gateway.js';

test('WK1 --workers N counts as SALLYPORT_WORKERS, and wins over it', () => {
  const environment = { SALLYPORT_WORKERS: '2', SALLYPORT_PORT: '1' };
  for (const args of [['--workers', '3'], ['--workers=3']]) {
    const settings = { SALLYPORT_WORKERS: '3', SALLYPORT_PORT: '1' };
    expect(parseArguments(args, environment)).toEqual({ settings, role: null });
  }
  expect(parseArguments([], environment)).toEqual({ settings: environment, role: null });
});

test('WK1 a worker reads its role from the arguments that its supervisor gives it', () => {
  const role = { worker: 2, entryPort: 8080, ownPort: 8082 };
  expect(parseArguments(argumentsOf(role), {})).toEqual({ settings: {}, role });
});

test.each([['--help'], ['--workers'], ['--workers', '2', '3'], ['--wrokers', '2'], ['2'], ['--as-worker', '1']])(
  'WK5 unknown arguments are refused: %s %s %s',
  (...args) => {
    expect(() => parseArguments(args, {})).toThrow(ConfigError);
  },
);
