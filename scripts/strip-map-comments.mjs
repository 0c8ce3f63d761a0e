// Removes the comments that name source maps from the program: its package holds no maps.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const COMMENT = /\n\/\/# sourceMappingURL=.*\s*$/;

for (const name of readdirSync('dist/src', { recursive: true })) {
  if (!/\.(js|d\.ts)$/.test(name)) continue;
  const path = `dist/src/${name}`;
  const text = readFileSync(path, 'utf8');
  if (COMMENT.test(text)) writeFileSync(path, text.replace(COMMENT, '\n'));
}
