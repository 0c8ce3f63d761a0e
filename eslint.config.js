import tseslint from 'typescript-eslint';

const PROCESS_MESSAGE = 'Only main.ts reads the environment, signals and streams: take what you need as a parameter.';
const CLOCK_MESSAGE = 'Time is a port: take a Clock.';

/** Globals that tie code to one process. */
const processGlobals = [{ name: 'process', message: PROCESS_MESSAGE }];
/** Globals that tie code to the machine's clock. */
const clockGlobals = ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'performance'].map(
  (name) => ({ name, message: CLOCK_MESSAGE }),
);

export default tseslint.config(
  { ignores: ['dist/', 'packages/*/dist/', 'coverage/', 'node_modules/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },

  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-param-reassign': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } }],
      'no-restricted-globals': ['error', ...processGlobals],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'node:process', message: PROCESS_MESSAGE },
            { name: 'process', message: PROCESS_MESSAGE },
          ],
        },
      ],
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: false }],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'all' }],
      // A port's method is async by promise, whether this implementation waits or not.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
    },
  },

  {
    // A brand exists only because its constructor casts.
    files: ['src/protocol/ids.ts', 'src/protocol/webhook-secret.ts', 'src/relay/sessions/relay-tokens.ts'],
    rules: { '@typescript-eslint/consistent-type-assertions': 'off' },
  },
  {
    files: ['src/{protocol,ports,door,relay,identity,cluster,webhooks,rest,client,config}/**/*.ts', 'src/gateway.ts'],
    rules: {
      'no-restricted-globals': ['error', ...processGlobals, ...clockGlobals],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: CLOCK_MESSAGE },
        { object: 'Math', property: 'random', message: 'Randomness is a port: take a Crypto.' },
      ],
    },
  },
  {
    // The edges of the process: what starts it, measures it, or picks a native build for it.
    files: [
      'src/main.ts',
      'src/cli/**/*.ts',
      'src/adapters/system/**/*.ts',
      'src/adapters/uws/load-engine.ts',
      'scripts/**',
      'bench/**/*.ts',
      'examples/**/*.ts',
      'test/**/*.ts',
    ],
    rules: { 'no-restricted-globals': 'off', 'no-restricted-imports': 'off', 'no-console': 'off' },
  },
  {
    // Tests build odd values on purpose; what they await, and what they narrow, still counts.
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'MemberExpression[object.name=/^(it|test|describe)$/][property.name=/^(skip|skipIf|only|todo|fails|runIf)$/]',
          message: 'Every test runs, everywhere.',
        },
      ],
      '@typescript-eslint/consistent-type-assertions': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  {
    // The tools' own entry points want a default export.
    files: ['*.config.{js,ts}', 'test/support/global-setup.ts', 'test/support/summary-reporter.ts'],
    rules: { 'no-restricted-exports': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: {
      'no-restricted-globals': 'off',
      'no-restricted-imports': 'off',
    },
  },
);
