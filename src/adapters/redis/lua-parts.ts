/**
 * Leaves out what a script does not use of its shared parts. Redis runs a script from its first line at each call, and
 * makes each of its functions anew: with all of them, a third of a create was spent on functions that it never calls.
 */

interface Part {
  readonly text: string;
  /** The names that the part declares; none: it is always needed. */
  readonly names: readonly string[];
}

/**
 * Returns the parts of `shared` whose names occur in `body`, or in a part that is needed. A part begins after an empty
 * line, with a line that is not indented. A part that does more than declare names is always needed.
 */
export function neededParts(shared: string, body: string): string {
  const needed: string[] = [];
  const words = new Set(wordsOf(withoutComments(body)));
  for (const { text, names } of partsOf(shared).toReversed()) {
    if (names.length > 0 && !names.some((name) => words.has(name))) continue;
    needed.unshift(text);
    for (const word of wordsOf(text)) words.add(word);
  }
  return needed.map((text) => `${text}\n`).join('');
}

function partsOf(shared: string): readonly Part[] {
  return shared.split(/\n\n+(?=\S)/).map((part) => {
    const text = withoutComments(part);
    return { text, names: onlyDeclares(text) ? declaredIn(text) : [] };
  });
}

/** Other parts check something and return, or take keys from the list that the parts behind them see. */
function onlyDeclares(text: string): boolean {
  const isDeclaration = text.split('\n').every((line) => /^(?:local |end$|\s)/.test(line));
  return isDeclaration && !text.includes('table.remove(KEYS)');
}

function withoutComments(text: string): string {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.trimStart().startsWith('--'))
    .join('\n');
}

function declaredIn(text: string): readonly string[] {
  const lines = [...text.matchAll(/^local (?:function )?(\w+(?:, \w+)*)/gm)];
  return lines.flatMap(([, names = '']) => names.split(', '));
}

function wordsOf(text: string): readonly string[] {
  return text.match(/\w+/g) ?? [];
}
