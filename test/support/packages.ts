/** Debian packages that the tests need: installed when they are missing, on Debian and its kind, and only as root. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Resolves with whether the package is installed now. */
export async function installPackages(...packages: readonly string[]): Promise<boolean> {
  // Nowhere else is a package ours to install.
  if (process.getuid?.() !== 0) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  try {
    await run('apt-get', install, { env }).catch(async () => {
      await run('apt-get', ['update'], { env });
      await run('apt-get', install, { env });
    });
    return true;
  } catch {
    return false;
  }
}

/** Whether this command is on the path. */
export async function hasCommand(command: string): Promise<boolean> {
  try {
    await run('which', [command]);
    return true;
  } catch {
    return false;
  }
}
