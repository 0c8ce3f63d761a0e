// Makes dist/src fit for the package: removes what the compiler left of sources that are gone, and the comments that name
// source maps, because the package holds no maps.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const OUTPUT = /\.(d\.ts|js)(\.map)?$/;
const COMMENT = /\n\/\/# sourceMappingURL=.*\s*$/;

for (const name of readdirSync('dist/src', { recursive: true }).filter((each) => OUTPUT.test(each))) {
  const path = `dist/src/${name}`;
  if (!existsSync(`src/${name.replace(OUTPUT, '.ts')}`)) rmSync(path);
  else if (!path.endsWith('.map')) removeComment(path);
}

function removeComment(path) {
  const text = readFileSync(path, 'utf8');
  if (COMMENT.test(text)) writeFileSync(path, text.replace(COMMENT, '\n'));
}
