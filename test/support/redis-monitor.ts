import type { Redis } from 'ioredis';

/** Commands that came from clients while `run` ran: those that scripts call are not counted. */
export async function commandsDuring(client: Redis, run: () => Promise<unknown>): Promise<Record<string, number>> {
  const monitor = await client.monitor();
  const seen: Record<string, number> = {};
  const done = new Promise<void>((resolve) => {
    monitor.on('monitor', (_time: string, args: readonly string[], source: string) => {
      const name = args[0]?.toLowerCase() ?? '';
      if (name === 'echo') resolve();
      else if (source !== 'lua') seen[name] = (seen[name] ?? 0) + 1;
    });
  });
  await run();
  await client.echo('done');
  await done;
  monitor.disconnect();
  return seen;
}
