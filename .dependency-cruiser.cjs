// The import rules of docs/ARCHITECTURE.md. Imports point inward:
// lib <- protocol <- ports <- sockets <- relay, identity; ports <- cluster, events; all of them <- rest; adapters hang off the ports.
'use strict';

const INNER = ['ports', 'protocol', 'lib'];
const DOMAINS = ['sockets', 'relay', 'identity', 'cluster', 'events'];

/** An optional peer: operators install it. The alias of development hides that from this tool. */
const OPTIONAL_ENGINE = 'node_modules/uws-current/';

/** Each vendor's package, and the one folder that may import it. */
const VENDORS = {
  uws: ['uws-current', 'uws-portable'],
  redis: ['ioredis'],
  jose: ['jose'],
  pino: ['pino', 'sonic-boom'],
  prometheus: ['prom-client'],
  maxmind: ['maxmind', 'mmdb-lib'],
  argon2: ['@node-rs/argon2'],
  wallet: ['@noble/curves', '@noble/hashes'],
  smtp: ['nodemailer'],
  'standard-webhooks': ['standardwebhooks'],
};

const ownFolder = (folder, mayImport) => ({
  name: `${folder}-imports`,
  severity: 'error',
  comment: `src/${folder} may import only ${[folder, ...mayImport].join(', ')}`,
  from: { path: `^src/${folder}/` },
  to: { path: '^(src|bench|examples|scripts|test)/', pathNot: `^src/(${[folder, ...mayImport].join('|')})/` },
});

const vendor = ([folder, packages]) => ({
  name: `${folder}-vendor`,
  severity: 'error',
  comment: `only src/adapters/${folder} may import ${packages.join(', ')}`,
  from: { path: '^src/', pathNot: `^src/adapters/${folder}/` },
  to: { path: `(^|/)(node_modules/)?(${packages.join('|')})(/|$)`, dependencyTypesNot: ['local'], pathNot: '^src/' },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', comment: 'types count', from: {}, to: { circular: true } },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'every import leads somewhere',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-undeclared-package',
      severity: 'error',
      comment: 'what is imported stands in package.json',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], pathNot: OPTIONAL_ENGINE },
    },
    {
      name: 'no-dev-dependency-in-src',
      severity: 'error',
      comment: 'what ships runs without devDependencies',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: ['@types/', OPTIONAL_ENGINE] },
    },

    ownFolder('lib', []),
    ownFolder('protocol', ['lib']),
    ownFolder('ports', ['protocol', 'lib']),
    ownFolder('sockets', INNER),
    ownFolder('relay', ['sockets', ...INNER]),
    ownFolder('identity', ['sockets', ...INNER]),
    ownFolder('cluster', INNER),
    ownFolder('events', INNER),
    {
      name: 'room-is-synchronous',
      severity: 'error',
      comment: 'a room asks no store: it knows neither its home nor what backends do to sessions',
      from: { path: '^src/relay/room/' },
      to: { path: '^src/relay/(?!room/)' },
    },
    ownFolder('rest', [...DOMAINS, ...INNER]),
    ownFolder('config', ['protocol', 'lib']),
    ownFolder('client', ['protocol', 'lib']),
    {
      name: 'adapter-imports',
      severity: 'error',
      comment: 'an adapter may import ports, protocol, lib and its own folder',
      from: { path: '^src/adapters/([^/]+)/' },
      to: { path: '^(src|bench|examples|scripts|test)/', pathNot: ['^src/(ports|protocol|lib)/', '^src/adapters/$1/'] },
    },
    {
      name: 'gateway-importers',
      severity: 'error',
      comment: 'only main, the command line, bench and tests build a gateway',
      from: { path: '^src/', pathNot: '^src/(main\\.ts|cli/)' },
      to: { path: '^src/gateway\\.ts$' },
    },
    {
      name: 'command-imports',
      severity: 'error',
      comment:
        'a command is a program of its own: it reaches a gateway over REST or the SDK, and receives webhooks as backends do; serve and check-config build one',
      from: { path: '^src/cli/', pathNot: '^src/cli/(serve/|commands/(serve|check-config)\\.ts$)' },
      to: {
        path: '^(src|bench|examples|scripts|test)/',
        pathNot: '^src/(cli/(?!serve/)|client/(client|webhooks)\\.ts$|protocol/|lib/)',
      },
    },
    {
      name: 'composition-importers',
      severity: 'error',
      comment: 'a part of the composition root is known by the root and its parts',
      from: { path: '^src/', pathNot: '^src/(gateway\\.ts$|compose/)' },
      to: { path: '^src/compose/' },
    },
    {
      name: 'main-importers',
      severity: 'error',
      comment: 'main.ts is a program, not a module',
      from: { path: '^(src|scripts)/', pathNot: '^src/cli/' },
      to: { path: '^src/main\\.ts$' },
    },
    {
      name: 'main-imports',
      severity: 'error',
      comment: 'main.ts hands over to the command line',
      from: { path: '^src/main\\.ts$' },
      to: {
        path: '^(src|bench|examples|scripts|test)/',
        pathNot: '^src/(gateway\\.ts|cli/)',
      },
    },
    {
      name: 'program-not-from-tests',
      severity: 'error',
      comment: 'what ships does not know its tests and scripts',
      from: { path: '^src/' },
      to: { path: '^(bench|examples|scripts|test)/' },
    },
    {
      name: 'example-imports',
      severity: 'error',
      comment: 'an example shows what users write: it imports the SDK and its own folder',
      from: { path: '^examples/([^/]+)/' },
      to: { path: '^(src|bench|examples|scripts|test)/', pathNot: ['^src/client/client\\.ts$', '^examples/$1/'] },
    },

    ...Object.entries(VENDORS).map(vendor),
    {
      name: 'vendor-free-core',
      severity: 'error',
      comment: 'outside the adapters zod is the only package',
      from: { path: '^src/', pathNot: '^src/adapters/' },
      to: { path: 'node_modules/', pathNot: 'node_modules/(zod|@types/node)/' },
    },
    {
      name: 'zod-free-inside',
      severity: 'error',
      comment: 'zod is for borders: protocol, config, rest, relay and the adapters',
      from: { path: '^src/', pathNot: '^src/(protocol|config|rest|relay|adapters)/' },
      to: { path: 'node_modules/zod/' },
    },
    {
      name: 'pure-wire',
      severity: 'error',
      comment: 'protocol and client run in browsers too, but for what backends receive webhooks with',
      from: { path: '^src/(protocol|client)/', pathNot: '^src/client/webhooks\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-io-inside',
      severity: 'error',
      comment: 'files, sockets, processes and timers are reached through ports',
      from: { path: '^src/(lib|ports|sockets|relay|identity|cluster|rest|config)/' },
      to: {
        dependencyTypes: ['core'],
        path: '^(node:)?(fs|http|https|http2|tls|dgram|dns|child_process|worker_threads|cluster|process|timers|os)(/|$)',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // The peers' servers have a package.json of their own.
    exclude: { path: ['^dist/', '^bench/peers/.*\\.mjs$'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
