/** Settings that the gateway cannot run with. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  /** One sentence for each problem, which begins with the key; none shows the value of a secret. */
  constructor(readonly problems: readonly string[]) {
    super(`the settings are wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}
