/** Calls to others, by the rules of the settings. */
import { createOutbound } from '../adapters/outbound/outbound.js';
import { inNetworks } from '../adapters/system/trusted-networks.js';
import { ConfigError } from '../config/config-error.js';
import type { Config } from '../config/schema.js';
import type { Outbound } from '../ports/outbound.js';

/** Throws a `ConfigError` when a target of the settings may not be called. */
export function composeOutbound({ environment, outboundAllow, mailWebhookUrl, joinUrl }: Config): Outbound {
  const isDevelopment = environment === 'development';
  const outbound = createOutbound({ isDevelopment, isAllowed: inNetworks(outboundAllow) });
  const targets = Object.entries({ SALLYPORT_MAIL_WEBHOOK_URL: mailWebhookUrl, SALLYPORT_JOIN_URL: joinUrl });
  const problems = targets.flatMap(([name, url]) => {
    const refusal = url === null ? null : outbound.refusalOf(url);
    return refusal === null ? [] : [`${name}: refused: ${refusal}`];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return outbound;
}
