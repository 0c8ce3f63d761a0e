// The integration tests on Debian 13 and uWebSockets.js 20.57, which needs its glibc. Makes a Debian 13 in a temporary
// folder with `debootstrap`, mounts the project into it, and removes it. Needs root, debootstrap, and some minutes.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';

const MIRROR = 'http://deb.debian.org/debian';
const PACKAGES = ['ca-certificates', 'libatomic1', 'redis-server'];
const TESTS = ['test/integration', 'test/contract'];

/** Returns whether all tests passed. */
export function testOnDebian13(root) {
  const place = mkdtempSync(`${tmpdir()}/sallyport-debian13-`);
  const mounts = { [root]: `${place}/project`, '/proc': `${place}/proc`, '/dev': `${place}/dev` };
  const mounted = [];
  try {
    must('debootstrap', ['--variant=minbase', `--include=${PACKAGES.join(',')}`, 'trixie', place, MIRROR]);
    cpSync(process.execPath, `${place}/usr/local/bin/node`);
    for (const [from, to] of Object.entries(mounts)) {
      mkdirSync(to, { recursive: true });
      must('mount', ['--bind', from, to]);
      mounted.unshift(to);
    }
    const run = ['cd /project && exec node node_modules/vitest/vitest.mjs run', ...TESTS].join(' ');
    const env = { HOME: '/root', LANG: 'C.UTF-8', PATH: '/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin' };
    const options = { stdio: 'inherit', env: { ...env, SALLYPORT_TEST_ENGINE: '20.57' } };
    return spawnSync('/usr/sbin/chroot', [place, '/bin/sh', '-c', run], options).status === 0;
  } finally {
    const left = mounted.filter((to) => spawnSync('umount', [to]).status !== 0);
    // A folder that is still mounted is the project itself.
    if (left.length === 0) rmSync(place, { recursive: true });
    else console.error(`Still mounted: ${left.join(', ')}. Unmount before you remove ${place}.`);
  }
}

function must(command, args) {
  const { status, stderr, error } = spawnSync(command, args);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${String(error ?? stderr)}`);
}
