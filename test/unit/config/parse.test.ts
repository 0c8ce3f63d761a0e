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
      trustedProxies: [],
      proxyProtocol: 'off',
      keepAliveS: 5,
      adminPort: null,
      adminHost: null,
      workers: 1,
      workerPort: null,
      workerUrl: null,
      environment: 'production',
      rootKey: null,
      secret: null,
      redisUrl: null,
      redisPrefix: 'sallyport:',
      durableReplicas: 0,
      leaseMs: 1500,
      engine: 'auto',
      publicUrl: null,
      allowedOrigins: 'own',
      nodeLabels: {},
      geoipDb: null,
      logLevel: 'info',
      logFormat: 'auto',
      maxMessageBytes: 16_384,
      messagesPerS: 1000,
      bytesPerS: 4_194_304,
      workMsPerS: 20,
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
      joinUrl: null,
      joinUrlTimeoutMs: 2000,
      joinUrlOnFailure: 'closed',
      userSessionTtlS: 604_800,
      userSessionInactivityS: 604_800,
      maxSessionsPerUser: 0,
      sessionsPerUserFull: 'reject_new',
      argon2Concurrency: 2,
      signInAttemptsPerAccount: 10,
      signInAttemptsPerAddress: 100,
      signInAttemptsPeriodS: 900,
      outboundAllow: [],
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

  it.each([
    ['https://me:hunter2@play.example', 'https://(not shown)@play.example'],
    ['https://hunter2@play.example', 'https://(not shown)@play.example'],
    ['https://me:hunter2/@at@play.example', 'https://(not shown)@play.example'],
    ['me:hunter2@play.example', '(not shown)@play.example'],
    ['https://play.example/?token=hunter2', 'https://play.example/?(not shown)'],
    ['https://play.example/#hunter2', 'https://play.example/#(not shown)'],
  ])('CF4 shows no credentials of a URL that may have none: %s', (written, shown) => {
    expect(problemsOf({ SALLYPORT_PUBLIC_URL: written })).toEqual([
      `SALLYPORT_PUBLIC_URL: expected an http or https URL without credentials, query or fragment, got "${shown}"`,
    ]);
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

  it('DB19 refuses replicas where no node can wait for them', () => {
    const secrets = { SALLYPORT_ROOT_KEY: SECRET, SALLYPORT_SECRET: SECRET, SALLYPORT_DURABLE_REPLICAS: '1' };
    for (const url of ['redis://h', 'redis+sentinel://a:1,b:2/main']) {
      expect(configOf({ ...secrets, SALLYPORT_REDIS_URL: url }).durableReplicas).toBe(1);
    }
    for (const url of [{}, { SALLYPORT_REDIS_URL: 'redis+cluster://a:1,b:2' }]) {
      expect(problemsOf({ ...secrets, ...url })).toEqual([
        'SALLYPORT_DURABLE_REPLICAS: expected 0 without Redis and with a Redis Cluster',
      ]);
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

  it('OR1 reads origins with wildcards, and refuses those that would let in strangers', () => {
    const read = (written: string): unknown => configOf({ SALLYPORT_ALLOWED_ORIGINS: written }).allowedOrigins;
    expect(read('https://*.Game.example:443,http://localhost:*')).toEqual([
      'https://*.game.example',
      'http://localhost:*',
    ]);
    expect(read('http://*.localhost:*, https://*.gäme.co.uk:8443, http://[::1]:*')).toEqual([
      'http://*.localhost:*',
      'https://*.xn--gme-qla.co.uk:8443',
      'http://[::1]:*',
    ]);
    for (const written of [
      ...['https://*', 'https://*:443', 'https://*.com', 'https://*.co.uk', 'https://*.com.au', 'https://*.github.io'],
      ...['https://*game.example', 'https://play*.game.example', 'https://play.*.example', 'https://*.*.game.example'],
      ...['*.game.example', '*://game.example', 'http*://game.example', 'capacitor://*.game.example', 'null, *'],
      ...[
        'https://*.127.0.0.1',
        'https://*.0x7f.1',
        'https://*.[::1]',
        'https://*.game.example.',
        'https://*..example',
      ],
      ...[
        'https://*.game.example/',
        'https://*.game.example:80*',
        'https://u@*.game.example',
        '*, https://*.a.example',
      ],
    ]) {
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

  it('LS29 reads mail settings, and refuses those that contradict each other', () => {
    const secret = 'a secret of the mail webhook 0123'.replaceAll(' ', '-');
    const hook = { SALLYPORT_MAIL_WEBHOOK_URL: 'https://mail.example/in', SALLYPORT_MAIL_WEBHOOK_SECRET: secret };
    const smtp = { SALLYPORT_SMTP_URL: 'smtps://a:b@mail.example', SALLYPORT_MAIL_FROM: 'Us <us@mail.example>' };
    expect(configOf(hook)).toMatchObject({ mailWebhookUrl: 'https://mail.example/in', mailWebhookSecret: secret });
    expect(configOf(smtp)).toMatchObject({ smtpUrl: 'smtps://a:b@mail.example', mailFrom: 'Us <us@mail.example>' });
    expect(problemsOf({ SALLYPORT_SMTP_URL: smtp.SALLYPORT_SMTP_URL })).toEqual([
      'SALLYPORT_MAIL_FROM: required when SALLYPORT_SMTP_URL is set',
    ]);
    expect(problemsOf({ ...hook, SALLYPORT_MAIL_WEBHOOK_URL: 'http://mail.example/in' })).toEqual([
      'SALLYPORT_MAIL_WEBHOOK_URL: expected an https URL outside of development',
    ]);
    expect(problemsOf({ SALLYPORT_MAIL_WEBHOOK_URL: 'https://mail.example/in' })).toEqual([
      'SALLYPORT_MAIL_WEBHOOK_SECRET: required when SALLYPORT_MAIL_WEBHOOK_URL is set',
    ]);
    expect(problemsOf({ ...hook, ...smtp })).toEqual([
      'SALLYPORT_MAIL_WEBHOOK_URL: set it or SALLYPORT_SMTP_URL, not both',
    ]);
    for (const url of [
      'mail.example',
      'smtp://',
      'http://mail.example',
      'smtp://mail.example?tls=no',
      'smtp://%zz@mail.example',
    ]) {
      const [problem = ''] = problemsOf({ ...smtp, SALLYPORT_SMTP_URL: url });
      expect(problem).toMatch(/^SALLYPORT_SMTP_URL: expected a URL like smtp.* \(not shown\)$/);
    }
    for (const from of ['us', 'us@mail.example\nBcc: x@y', 'Us <us>', 'a@b, c@d']) {
      expect(problemsOf({ ...smtp, SALLYPORT_MAIL_FROM: from })).toHaveLength(1);
    }
  });

  it('LS29 reads reset pages: https only, outside of development', () => {
    const urls = 'https://app.example/reset/, https://b.example,https://b.example';
    expect(configOf({ SALLYPORT_RESET_URLS: urls }).resetUrls).toEqual([
      'https://app.example/reset',
      'https://b.example',
    ]);
    const local = { SALLYPORT_RESET_URLS: 'http://localhost:3000' };
    expect(problemsOf(local)).toEqual(['SALLYPORT_RESET_URLS: expected https URLs outside of development']);
    expect(configOf({ ...local, SALLYPORT_ENV: 'development' }).resetUrls).toEqual(['http://localhost:3000']);
    for (const wrong of ['app.example', 'https://u:p@app.example', 'https://app.example?x=1', 'javascript:1']) {
      expect(problemsOf({ SALLYPORT_RESET_URLS: wrong })).toHaveLength(1);
    }
  });
});
