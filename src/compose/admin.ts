/** Composes the port for operators, when there is one. */
import { AdminListener } from '../adapters/node-http/admin-listener.js';
import { adminPortOf } from '../config/proxy-rules.js';
import type { Router } from '../rest/router.js';
import type { Ground } from './ground.js';
import type { Composed } from './service.js';

export function composeAdmin(
  { config, log, address }: Pick<Ground, 'config' | 'log' | 'address'>,
  router: Pick<Router, 'handle'>,
): Composed {
  const port = adminPortOf(config, address.role?.worker ?? null);
  if (port === null) return { services: [] };
  const listener = new AdminListener(router.handle, log);
  const host = config.adminHost ?? config.host;
  return {
    services: [
      {
        name: 'admin_listener',
        start: async () => {
          log.info('admin_listening', { host, port: await listener.listen(host, port) });
        },
        stop: () => listener.stop(),
      },
    ],
  };
}
