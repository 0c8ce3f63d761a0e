/** Settings of the calls that this gateway makes to others. */
import { withDefault } from './key.js';
import { networks } from './values.js';

export const outboundKeys = {
  outboundAllow: withDefault(networks, '', {
    env: 'SALLYPORT_OUTBOUND_ALLOW',
    type: 'comma list of addresses and CIDR networks',
    doc: "Addresses outside the public internet that the gateway may call all the same: your own network's, for the mail webhook, a `webhook_url` or a `join_url`. Loopback, private, link-local, multicast, translated and metadata addresses are refused otherwise; in development, loopback is allowed.",
  }),
};
