/**
 * A minute of attack from behind nginx, by `SALLYPORT_TEST_SIEGE_S=60 npx vitest run test/long/behind-nginx.test.ts`. The
 * figures are printed. The short form is PX6 in test/integration/behind-proxies.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { Backend, pairOf } from '../support/backend.js';
import { startGateway } from '../support/gateway.js';
import { besiege, type Siege } from '../support/handshakes.js';
import { startNginx } from '../support/proxies.js';

const FOR_S = Number(process.env['SALLYPORT_TEST_SIEGE_S'] ?? '3');
const CONTROL_S = Math.min(10, FOR_S);

async function siege(forS: number, env: Readonly<Record<string, string>>): Promise<Siege> {
  const running = await startGateway({ env: { SALLYPORT_FAILED_HANDSHAKES_PER_S: '50', ...env } });
  const nginx = await startNginx(Number(new URL(running.url).port));
  try {
    const credential = pairOf(await new Backend(running.url).createSession(1));
    return await besiege({ port: nginx.port, credential, forMs: forS * 1000, attackPerS: 80, victimPerS: 8 });
  } finally {
    await nginx.stop();
    await running.stop();
  }
}

function shown({ attacker, victim }: Siege): string {
  const counts = (of: ReadonlyMap<number, number>): string => [...of].map((pair) => pair.join(': ')).join(', ');
  return `attacker ${counts(attacker)}; victim ${counts(victim)}`;
}

describe('an attack from behind nginx', () => {
  it('PX6 a victim behind the same nginx is served throughout; the control', async () => {
    const guarded = await siege(FOR_S, { SALLYPORT_TRUSTED_PROXIES: '127.0.0.1' });
    const control = await siege(CONTROL_S, {});
    process.stdout.write(`\n${String(FOR_S)} s, guarded: ${shown(guarded)}\n`);
    process.stdout.write(`${String(CONTROL_S)} s, without the setting: ${shown(control)}\n`);
    expect([...guarded.victim.keys()]).toEqual([101]);
    expect(guarded.victim.get(101)).toBeGreaterThan(7 * FOR_S);
    expect(guarded.attacker.get(429)).toBeGreaterThan(FOR_S);
    expect(control.victim.get(429)).toBeGreaterThan(0);
  });
});
