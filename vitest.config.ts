import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.js';

const CORES = availableParallelism();

/**
 * Files that need a core each: they flood a gateway with calls, load it with clients of their own, or check a promise of
 * the specification that is in milliseconds.
 */
const BUSY = [
  'test/contract/redis-identity-stores.test.ts',
  'test/contract/redis-store.test.ts',
  'test/fuzz/sessions.model.test.ts',
  'test/integration/admission.test.ts',
  'test/integration/bench*.test.ts',
  'test/integration/byte-splits.test.ts',
  'test/integration/storm.test.ts',
  'test/integration/rest/client-sign-ins.test.ts',
  'test/integration/rest/group.test.ts',
  'test/integration/rest/group-sockets.test.ts',
  'test/integration/removal.test.ts',
  'test/integration/rest/identity-attacks.test.ts',
  'test/integration/rest/login-passwords.test.ts',
  'test/integration/rest/wallet-proofs.test.ts',
  'test/integration/secrets.test.ts',
  'test/integration/sockets/*.test.ts',
  'test/long/**/*.test.ts',
  'test/stress/**/*.test.ts',
];
/** Only `npm run test:long` runs these. */
// eslint-disable-next-line no-restricted-globals -- the configuration of the tests, not of the gateway
const isLong = process.env['SALLYPORT_TEST_DRAIN_SOCKETS'] !== undefined;
const LONG = isLong
  ? []
  : [
      'test/long/behind-nginx.test.ts',
      'test/long/cluster-failover.test.ts',
      'test/long/drain.test.ts',
      'test/long/durability.test.ts',
      'test/cluster/redis-faults.test.ts',
      'test/cluster/drain.test.ts',
    ];
const UNIT = ['test/unit/**/*.test.ts'];
const WITH_REDIS = { globalSetup: ['test/support/global-setup.ts'] };

/**
 * A worker runs one file after the other in one process, so that it loads the modules under test once. A test file
 * therefore stops whatever it starts, and keeps no state in a module.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // Far more than a test needs: a limit ends a test that hangs, and never decides about one that is slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
    retry: 0,
    allowOnly: false,
    passWithNoTests: false,
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'busy',
          include: BUSY,
          exclude: LONG,
          ...WITH_REDIS,
          maxWorkers: CORES,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        // These wait most of the time.
        test: {
          ...{ name: 'whole', include: ['test/**/*.test.ts'], exclude: [...BUSY, ...UNIT, ...LONG], ...WITH_REDIS },
          ...{ maxWorkers: 2 * CORES, sequence: { groupOrder: 2 } },
        },
      },
      {
        extends: true,
        test: { name: 'unit', include: UNIT, maxWorkers: 2 * CORES, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
