/** Compares the numbered rules of docs/SPEC.md with the rules that test titles quote. */

/** A rule: `- **RL7** text`. */
const RULE = /^- \*\*([A-Z]{2,3}\d+)\*\* /gm;
/** The title of a test or a group; `)(` is the second call of `it.each(...)('title', ...)`. */
const TITLE = /(?:\b(?:it|test|describe)(?:\.\w+)*|\))\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;
/** The rules a title begins with: `RL7 ...`, `RL7, RL8 ...`. */
const QUOTED = /^[A-Z]{2,3}\d+(?:, ?[A-Z]{2,3}\d+)*(?=[\s:]|$)/;

export interface TestFile {
  readonly path: string;
  readonly source: string;
}

export function rulesOf(spec: string): string[] {
  return [...spec.matchAll(RULE)].map((match) => match[1] ?? '');
}

/** The rules that the titles of one file quote, each once. */
export function quotedRules(source: string): string[] {
  const quoted = [...source.matchAll(TITLE)].flatMap((match) => {
    const prefix = QUOTED.exec(match[2] ?? '')?.[0] ?? '';
    return prefix === '' ? [] : prefix.split(/, ?/);
  });
  return [...new Set(quoted)];
}

/** Lists the disagreements between rules and tests, one sentence each; empty when they agree. */
export function compareSpec(spec: string, tests: readonly TestFile[]): string[] {
  const rules = rulesOf(spec);
  const known = new Set(rules);
  const tested = new Set(tests.flatMap(({ source }) => quotedRules(source)));
  return [
    ...rules.filter((rule, at) => rules.indexOf(rule) !== at).map((rule) => `docs/SPEC.md has ${rule} twice`),
    ...[...known].filter((rule) => !tested.has(rule)).map((rule) => `${rule} has no test that quotes it`),
    ...tests.flatMap(({ path, source }) =>
      quotedRules(source)
        .filter((rule) => !known.has(rule))
        .map((rule) => `${path} quotes ${rule}, which docs/SPEC.md does not have`),
    ),
  ];
}
