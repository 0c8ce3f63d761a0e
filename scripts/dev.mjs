// Runs the gateway and restarts it whenever a source or a Lua script changes. Stop it with Ctrl-C.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, utimesSync, watch } from 'node:fs';

const LUA = 'src/adapters/redis/lua';
const MAIN = 'dist/src/main.js';
const TSC = 'node_modules/typescript/bin/tsc';

// A first build may report errors of a change in progress: the watching compiler repeats them.
spawnSync(process.execPath, [TSC, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
copyAssets();
if (!existsSync(MAIN)) process.exit(1);

const children = [
  spawn(process.execPath, [TSC, '-p', 'tsconfig.build.json', '--watch', '--preserveWatchOutput'], { stdio: 'inherit' }),
  spawn(process.execPath, ['--watch', '--watch-preserve-output', MAIN], { stdio: 'inherit' }),
];

let pending = null;
watch(LUA, () => {
  // One save causes several events.
  clearTimeout(pending);
  pending = setTimeout(() => {
    copyAssets();
    // Node watches the modules that the program imports, not the scripts that it reads.
    utimesSync(MAIN, new Date(), new Date());
  }, 100);
});

for (const child of children) child.on('exit', stop);
process.on('SIGINT', stop);
process.on('SIGTERM', stop);

function stop() {
  for (const child of children) child.kill();
  process.exit();
}

function copyAssets() {
  spawnSync(process.execPath, ['scripts/copy-assets.mjs'], { stdio: 'inherit' });
}
