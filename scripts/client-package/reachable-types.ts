/** Follows the imports of declaration files. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const RELATIVE_IMPORT = /(?:from |import\()'(\.[^']+)\.js'/g;

/** The paths of `entry`, a `.d.ts` file, and of every declaration file that it needs. */
export function reachableTypes(entry: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(entry)) return found;
  found.add(entry);
  for (const [, name = ''] of readFileSync(entry, 'utf8').matchAll(RELATIVE_IMPORT))
    reachableTypes(join(dirname(entry), `${name}.d.ts`), found);
  return found;
}
