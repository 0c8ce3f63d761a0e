/** A relay session as Edgegap's API shows it. */
import { z } from 'zod';
import type { NodeRecord } from '../../ports/node-store.js';
import type { Placement } from '../../ports/placement.js';
import type { Seat, SessionWithSeats } from '../../ports/relay-seat.js';
import type { RelaySession } from '../../ports/relay-session.js';
import { connectLink } from '../../protocol/connect-link.js';
import { SESSION_ID_PATTERN, shownToken } from '../fields.js';

const port = z.object({ port: z.int().min(0).max(65_535), protocol: z.enum(['WS', 'WSS']), link: z.string() });

const relay = z
  .object({ ip: z.string(), host: z.string(), ports: z.object({ server: port, client: port }) })
  .meta({ id: 'Relay', description: 'The node that carries the session.' });

const sessionUser = z
  .object({
    ip_address: z.string(),
    latitude: z.number().nullable(),
    longitude: z.number().nullable(),
    authorization_token: shownToken,
  })
  .meta({ id: 'SessionUser' });

const sessionHead = z.object({
  session_id: z.string().regex(new RegExp(SESSION_ID_PATTERN)),
  authorization_token: shownToken.nullable(),
  status: z.enum(['Initializing', 'Linked', 'Error']),
  ready: z.boolean(),
  linked: z.boolean(),
  error: z.string().nullable(),
  relay: relay.nullable(),
  webhook_url: z.string().nullable(),
});

export const sessionSchema = sessionHead.extend({ session_users: z.array(sessionUser) }).meta({ id: 'RelaySession' });

/** The answer of authorize-user: it shows the new user in place of all users. */
export const authorizedSessionSchema = sessionHead
  .extend({ session_user: sessionUser })
  .meta({ id: 'AuthorizedRelaySession' });

export type SessionBody = z.output<typeof sessionSchema>;
type SessionHead = z.output<typeof sessionHead>;
type SessionUser = z.output<typeof sessionUser>;
type RelayBody = z.output<typeof relay>;

export type Nodes = Pick<Placement, 'find'>;

export function viewSession(nodes: Nodes, { session, seats }: SessionWithSeats): SessionBody {
  return Object.assign(viewHead(nodes, session), { session_users: seats.flatMap(viewListedUser) });
}

export function viewAuthorized(
  nodes: Nodes,
  session: RelaySession,
  seat: Seat,
): z.output<typeof authorizedSessionSchema> {
  const [user] = viewListedUser(seat);
  if (user === undefined) throw new Error('an authorized seat without address or token');
  return Object.assign(viewHead(nodes, session), { session_user: user });
}

function viewHead(nodes: Nodes, session: RelaySession): SessionHead {
  const home = session.error !== null || session.homeNodeId === null ? null : nodes.find(session.homeNodeId);
  const isLinked = home !== null;
  return {
    session_id: session.id,
    authorization_token: session.authorizationToken,
    status: session.error !== null ? 'Error' : isLinked ? 'Linked' : 'Initializing',
    ready: isLinked,
    linked: isLinked,
    error: session.error,
    relay: home === null ? null : viewRelay(home),
    webhook_url: session.webhookUrl,
  };
}

/** Seats of minted credentials have no token and are not listed. */
function viewListedUser({ token, address, latitude, longitude }: Seat): readonly SessionUser[] {
  if (token === null || address === null) return [];
  return [{ ip_address: address, latitude, longitude, authorization_token: token }];
}

/** The views of nodes, by record. A record never changes, so its view can be reused. */
const relays = new WeakMap<NodeRecord, RelayBody>();

function viewRelay(node: NodeRecord): RelayBody {
  const known = relays.get(node);
  if (known !== undefined) return known;
  const made = makeRelay(node);
  relays.set(node, made);
  return made;
}

function makeRelay(node: NodeRecord): RelayBody {
  const url = new URL(node.publicUrl);
  const isSecure = url.protocol === 'https:' || url.protocol === 'wss:';
  const portNumber = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port);
  const link = connectLink(node.publicUrl);
  const port = { port: portNumber, protocol: isSecure ? 'WSS' : 'WS', link } as const;
  return { ip: node.address, host: url.hostname, ports: { server: port, client: port } };
}
