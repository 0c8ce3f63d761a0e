import { expect, test } from 'vitest';
import { argumentsOf, AS_WORKER, parseWorkerRole } from '../../../../src/cli/serve/worker-role.js';

test('WK1 a worker reads its role from the arguments that its supervisor gives it', () => {
  const role = { worker: 2, entryPort: 8080, ownPort: 8082 };
  const [command, flag, value = ''] = argumentsOf(role);
  expect([command, flag, parseWorkerRole(value)]).toEqual(['serve', `--${AS_WORKER}`, role]);
});

test.each(['', '1', '1,2', '1,2,x', '1,2,3,4', '-1,2,3'])(
  'CM2 a role that no supervisor writes is refused: %s',
  (text) => {
    expect(parseWorkerRole(text)).toBeNull();
  },
);
