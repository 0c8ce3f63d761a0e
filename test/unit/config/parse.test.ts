import { describe, expect, it } from 'vitest';
import { parseConfig, type Environment } from '../../../src/config/parse.js';
import { CONFIG_KEYS, type Config } from '../../../src/config/schema.js';

const SECRET = 's3cret-'.repeat(6);

function configOf(env: Environment): Config {
  const result = parseConfig(env);
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.config;
}

function problemsOf(env: Environment): readonly string[] {
  const result = parseConfig(env);
  return result.ok ? [] : result.problems;
}

describe('parseConfig', () => {
  it('CF1 gives every unset key its documented default', () => {
    expect(configOf({ PATH: '/bin' })).toEqual({
      host: '127.0.0.1',
      port: 8080,
      environment: 'production',
      rootKey: null,
      secret: null,
      redisUrl: null,
      redisPrefix: 'sallyport:',
      publicUrl: null,
      allowedOrigins: 'own',
      nodeLabels: {},
      geoipDb: null,
      logLevel: 'info',
      maxMessageBytes: 16_384,
      messagesPerS: 1000,
      bytesPerS: 4_194_304,
      flushMs: 'auto',
      failedHandshakesPerS: 50,
      maxBodyBytes: 65_536,
      resumeWindowMs: 30_000,
      sessionTtlS: 86_400,
      replayMaxEntries: 4096,
      replayMaxBytes: 1_048_576,
      heartbeatMs: 25_000,
      heartbeatTimeoutMs: 10_000,
      maxBackpressureBytes: 4_194_304,
      softBackpressureBytes: 65_536,
      maxBehindMs: 15_000,
      requestDeadlineMs: 10_000,
      drainTimeoutMs: 30_000,
      userSessionTtlS: 604_800,
      userSessionInactivityS: 604_800,
      maxSessionsPerUser: 0,
      sessionsPerUserFull: 'reject_new',
      argon2Concurrency: 2,
      signInAttemptsPerAccount: 10,
      signInAttemptsPerAddress: 100,
      signInAttemptsPeriodS: 900,
      passwordResetsPerAccount: 5,
      passwordResetsPerAddress: 50,
      resetUrls: [],
      smtpUrl: null,
      mailFrom: null,
      mailWebhookUrl: null,
      mailWebhookSecret: null,
      issuer: null,
      signingKeyRotationS: 2_592_000,
      singleSession: false,
      maxSocketsPerUser: 0,
      socketsPerUserFull: 'reject_new',
      walletDomain: null,
      walletUri: null,
      walletChainIds: [1],
    });
  });

  it('CF1 treats a key that is set to nothing as unset', () => {
    const emptied = Object.fromEntries(CONFIG_KEYS.map(({ env }) => [env, '']));
    expect(parseConfig(emptied)).toEqual(parseConfig({}));
  });

  it('CF2 reports all problems together', () => {
    const problems = problemsOf({
      SALLYPORT_PORT: '70000',
      SALLYPORT_LOG_LEVEL: 'loud',
      SALLYPORT_HEARTBEAT_MS: '25s',
      SALLYPORT_ROOT_KEY: 'short',
      SALLYPORT_REDIS_URL: 'redis://127.0.0.1',
      SALLYPORT_MAX_MESSAGE_BYTES: '1048576',
      SALLYPORT_MAX_BACKPRESSURE_BYTES: '65536',
      SALLYPORT_FOO: '1',
    });
    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
      'SALLYPORT_FOO',
      'SALLYPORT_HEARTBEAT_MS',
      'SALLYPORT_LOG_LEVEL',
      'SALLYPORT_MAX_BACKPRESSURE_BYTES',
      'SALLYPORT_PORT',
      'SALLYPORT_ROOT_KEY',
      'SALLYPORT_SECRET',
    ]);
    expect(problems).toContain('SALLYPORT_PORT: expected an integer from 0 to 65535, got "70000"');
  });

  it('CF3 refuses unknown keys and names the one that was meant', () => {
    expect(problemsOf({ SALLYPORT_PROT: '8080', SALLYPORT_REDIS: 'x', SALLYPORT_FOO: 'x' })).toEqual([
      'SALLYPORT_FOO: there is no such key',
      'SALLYPORT_PROT: there is no such key; did you mean SALLYPORT_PORT?',
      'SALLYPORT_REDIS: there is no such key',
    ]);
    expect(problemsOf({ SALLYPORT_MAX_MESAGE_BYTES: '1' })).toEqual([
      'SALLYPORT_MAX_MESAGE_BYTES: there is no such key; did you mean SALLYPORT_MAX_MESSAGE_BYTES?',
    ]);
  });

  it('CF3 leaves the tests and other programs their own keys', () => {
    expect(problemsOf({ SALLYPORT_TEST_REDIS_URL: 'redis://127.0.0.1', SALLYPORTER: '1', HOME: '/' })).toEqual([]);
  });

  it('CF4 never shows the value of a secret, whatever is wrong with it', () => {
    const problems = problemsOf({
      SALLYPORT_ROOT_KEY: 'hunter2',
      SALLYPORT_SECRET: 'hunter2',
      SALLYPORT_REDIS_URL: 'http://:hunter2@127.0.0.1',
      SALLYPORT_REDIS_ULR: 'redis://:hunter2@127.0.0.1',
    });
    expect(problems).toHaveLength(4);
    expect(problems.join('\n')).not.toContain('hunter2');
  });

  it('CF5 has no default secrets: with Redis both must be set', () => {
    const redis = { SALLYPORT_REDIS_URL: 'redis://127.0.0.1:6379' };
    expect(problemsOf(redis)).toEqual([
      'SALLYPORT_ROOT_KEY: required when SALLYPORT_REDIS_URL is set',
      'SALLYPORT_SECRET: required when SALLYPORT_REDIS_URL is set',
    ]);
    expect(configOf({ ...redis, SALLYPORT_ROOT_KEY: SECRET, SALLYPORT_SECRET: SECRET }).redisUrl).toBe(
      'redis://127.0.0.1:6379',
    );
  });

  it('CF6 refuses secrets of fewer than 32 characters', () => {
    expect(problemsOf({ SALLYPORT_ROOT_KEY: 'x'.repeat(31) })).toHaveLength(1);
    expect(configOf({ SALLYPORT_ROOT_KEY: 'x'.repeat(32) }).rootKey).toBe('x'.repeat(32));
  });

  it('CF7 takes numbers as plain decimals within their documented bounds', () => {
    expect(configOf({ SALLYPORT_PORT: '0', SALLYPORT_MESSAGES_PER_S: '0' })).toMatchObject({
      port: 0,
      messagesPerS: 0,
    });
    for (const written of ['-1', '1e3', '0x10', ' 1', '1.5', '1_000', 'NaN', '1048577', '9'.repeat(400)]) {
      expect(problemsOf({ SALLYPORT_MAX_MESSAGE_BYTES: written }), written).toHaveLength(1);
    }
  });
});

describe('the values of single keys', () => {
  it('reads a flush window', () => {
    expect(configOf({ SALLYPORT_FLUSH_MS: '0' }).flushMs).toBe(0);
    expect(configOf({ SALLYPORT_FLUSH_MS: '50' }).flushMs).toBe(50);
    for (const written of ['51', 'Auto', '-1', '1.5']) {
      expect(problemsOf({ SALLYPORT_FLUSH_MS: written }), written).toHaveLength(1);
    }
  });

  it.each(['redis://h', 'rediss://u:p@h:6380/1', 'redis+sentinel://a:1,b:2/main', 'redis+cluster://a:1,b:2'])(
    'takes the Redis URL %s',
    (url) => {
      const secrets = { SALLYPORT_ROOT_KEY: SECRET, SALLYPORT_SECRET: SECRET };
      expect(configOf({ ...secrets, SALLYPORT_REDIS_URL: url }).redisUrl).toBe(url);
    },
  );

  it('reads a public URL and drops the slash at its end', () => {
    expect(configOf({ SALLYPORT_PUBLIC_URL: 'https://Relay.example:443/' }).publicUrl).toBe('https://relay.example');
    expect(configOf({ SALLYPORT_PUBLIC_URL: 'http://h:81/a/' }).publicUrl).toBe('http://h:81/a');
    for (const written of ['relay.example', 'wss://relay.example', 'https://u:p@h', 'https://h?x', 'https://h#x']) {
      expect(problemsOf({ SALLYPORT_PUBLIC_URL: written }), written).toHaveLength(1);
    }
  });

  it('reads origins', () => {
    expect(configOf({ SALLYPORT_ALLOWED_ORIGINS: '*' }).allowedOrigins).toBe('any');
    expect(
      configOf({ SALLYPORT_ALLOWED_ORIGINS: 'https://A.example:443, http://b:81, capacitor://localhost' })
        .allowedOrigins,
    ).toEqual(['https://a.example', 'http://b:81', 'capacitor://localhost']);
    for (const written of ['a.example', 'https://a/path', '*,https://a', 'null', 'https://*.example/']) {
      expect(problemsOf({ SALLYPORT_ALLOWED_ORIGINS: written }), written).toHaveLength(1);
    }
  });

  it('reads node labels', () => {
    expect(configOf({ SALLYPORT_NODE_LABELS: 'region=eu, city=Den Haag' }).nodeLabels).toEqual({
      region: 'eu',
      city: 'Den Haag',
    });
    for (const written of ['region', '=eu', 'region=', 'a=1,a=2', '__proto__=1', 'a=1=2']) {
      expect(problemsOf({ SALLYPORT_NODE_LABELS: written }), written).toHaveLength(1);
    }
  });
});
