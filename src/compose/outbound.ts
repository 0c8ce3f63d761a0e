/** Calls to others, by the rules of the settings. */
import { createOutbound } from '../adapters/outbound/outbound.js';
import { inNetworks } from '../adapters/system/trusted-networks.js';
import { ConfigError } from '../config/config-error.js';
import type { Config } from '../config/schema.js';
import type { Outbound } from '../ports/outbound.js';

/** Throws a `ConfigError` when a target of the settings may not be called. */
export function composeOutbound({ environment, outboundAllow, mailWebhookUrl }: Config): Outbound {
  const isDevelopment = environment === 'development';
  const outbound = createOutbound({ isDevelopment, isAllowed: inNetworks(outboundAllow) });
  const refusal = mailWebhookUrl === null ? null : outbound.refusalOf(mailWebhookUrl);
  if (refusal !== null) throw new ConfigError([`SALLYPORT_MAIL_WEBHOOK_URL: refused: ${refusal}`]);
  return outbound;
}
