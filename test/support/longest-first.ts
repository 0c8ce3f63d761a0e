import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Test files that take longest, the longest first. The other files follow in vitest's own order. */
const LONGEST = [
  'test/integration/secrets.test.ts',
  'test/integration/rest/identity-attacks.test.ts',
  'test/integration/bench.test.ts',
  'test/integration/bench-check.test.ts',
  'test/long/scenarios.test.ts',
  'test/fuzz/sessions.model.test.ts',
  'test/integration/bench-smoke.test.ts',
  'test/integration/byte-splits.test.ts',
  'test/integration/rest/wallet-proofs.test.ts',
  'test/integration/admission.test.ts',
  'test/integration/homes.test.ts',
  'test/integration/rest/login-wire.test.ts',
  'test/integration/sockets/control-connections.test.ts',
  'test/integration/program.test.ts',
  'test/integration/rest/login-sessions.test.ts',
  'test/integration/secrets-under-failure.test.ts',
  'test/integration/rest/client-sessions.test.ts',
  'test/unit/adapters/session-tokens.test.ts',
];

/** Starts the longest test files first, so that no worker is left alone with one of them at the end of a run. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = ({ moduleId }: TestSpecification): number => {
      const rank = LONGEST.findIndex((name) => moduleId.endsWith(name));
      return rank === -1 ? LONGEST.length : rank;
    };
    const sorted = await super.sort(files);
    return sorted.sort((one, other) => rankOf(one) - rankOf(other));
  }
}
