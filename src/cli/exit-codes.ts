/** The exit codes of `sallyport`. Scripts rely on them: a code never changes its meaning. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  unavailable: 3,
  refused: 4,
  notFound: 5,
  settings: 78, // EX_CONFIG of sysexits.h
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** For --help and docs/CLI.md. */
export const EXIT_CODES: readonly (readonly [code: ExitCode, meaning: string])[] = [
  [EXIT.done, 'Done.'],
  [EXIT.failed, 'Failed: the call conflicts with the state, nodes did not answer, or serve could not start.'],
  [EXIT.usage, 'The command line is wrong, or the gateway finds a value in it invalid.'],
  [EXIT.unavailable, 'The gateway cannot be reached, or cannot answer now. Try again later.'],
  [EXIT.refused, 'The gateway refuses the API key or the credential.'],
  [EXIT.notFound, 'There is no such session, key, node, user, webhook or dead letter.'],
  [EXIT.settings, 'The settings of the gateway are wrong (serve and check-config).'],
];
