/**
 * The relay surface's `get` and `create` written by hand on Fastify and ioredis, as its documentation advises: JSON
 * schemas for bodies and answers, one pipeline or MULTI for each call. It stores what the gateway stores and checks what
 * the gateway checks, with fewer duties, all in its favour: an id that is taken is not noticed, nothing is counted or
 * measured, a call has no deadline, and a session is read by two commands that another may come between.
 *
 * `BENCH_REDIS_URL`: its Redis. `BENCH_API_KEY`: the one key there is, written as the gateway's are.
 */
import { randomBytes } from 'node:crypto';
import fastify from 'fastify';
import { Redis } from 'ioredis';
import { Keys } from './fastify-keys.mjs';
import { createRequest, sessionAnswer, sessionParams } from './fastify-schemas.mjs';
import { listening } from './report.mjs';

const KEEP_AFTER_EXPIRY_MS = 60_000;
const MAX_METADATA_BYTES = 4096;
const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const DEFAULTS = { max_users: 64, expires_in_s: 86_400, resume_window_ms: 30_000, flush_ms: 'auto' };
const PREFIX = 'fastify-peer';
const NODE = `node_${'0'.repeat(16)}`;

const redis = new Redis(process.env.BENCH_REDIS_URL, { enableAutoPipelining: true });
const app = fastify({ logger: false, genReqId: () => randomBytes(12).toString('base64url') });
const keys = new Keys(redis, `${PREFIX}:keys`);
let relay = null;

app.addHook('onRequest', async (request, reply) => {
  reply.header('cache-control', 'no-store').header('x-request-id', request.id);
  const key = await keys.verified(request.headers.authorization ?? '');
  if (key === null) return reply.code(401).send({ message: 'unauthorized' });
  if (!key.scopes.includes('relays')) return reply.code(403).send({ message: 'scope_missing' });
  request.project = key.projectId;
});
app.decorateRequest('project', null);

app.get(
  '/v1/relays/sessions/:session_id',
  { schema: { params: sessionParams, response: { 200: sessionAnswer } } },
  async (request, reply) => {
    const id = request.params.session_id;
    const at = keysOf(id);
    const [fields, seats] = await Promise.all([redis.hgetall(at.fields), redis.hgetall(at.seats)]);
    if (fields.project !== request.project || Number(fields.expires) <= Date.now()) {
      return reply.code(404).send({ message: 'session_not_found' });
    }
    return view(id, fields, Object.values(seats).map(parseSeat).toSorted(byOrder));
  },
);

app.post(
  '/v1/relays/sessions',
  { schema: { body: createRequest, response: { 200: sessionAnswer } } },
  async ({ body, project }, reply) => {
    const given = { ...DEFAULTS, ...body };
    const metadata = JSON.stringify(given.metadata ?? {});
    if (given.users.length > given.max_users || Buffer.byteLength(metadata) > MAX_METADATA_BYTES) {
      return reply.code(422).send({ message: 'invalid_request' });
    }
    const id = `${randomBytes(6).toString('hex')}-S`;
    const seats = given.users.map(({ ip }, i) => ({ user: newUserId(), token: newToken(), address: ip, order: i + 1 }));
    const now = Date.now();
    const fields = fieldsOf(given, { project, metadata, now, held: seats.length });
    await store(id, fields, seats, given.expires_in_s * 1000);
    return view(id, fields, seats);
  },
);

/** All of a create in one round trip. */
async function store(id, fields, seats, ttlMs) {
  const at = keysOf(id);
  const all = redis.multi();
  all.hset(at.fields, fields);
  all.hset(at.seats, Object.fromEntries(seats.map((seat) => [seat.user, formatSeat(seat)])));
  all.hset(at.tokens, Object.fromEntries(seats.map(({ token, user }) => [token, user])));
  for (const { address } of seats) all.hincrby(at.addresses, address, 1);
  for (const key of Object.values(at)) all.pexpire(key, ttlMs + KEEP_AFTER_EXPIRY_MS);
  all.zadd(`${PREFIX}:everybody`, fields.created, id);
  all.zadd(`${PREFIX}:project:${fields.project}`, fields.created, id);
  all.zadd(`${PREFIX}:expiry`, fields.expires, `${id} ${fields.project}`);
  for (const [error] of await all.exec()) if (error !== null) throw error;
}

function keysOf(id) {
  const base = `${PREFIX}:relay:{${id}}`;
  return { fields: `${base}:fields`, seats: `${base}:seats`, tokens: `${base}:tokens`, addresses: `${base}:addresses` };
}

function fieldsOf(given, { project, metadata, now, held }) {
  return {
    project,
    token: newToken(),
    durability: given.durability ?? 'memory',
    filters: JSON.stringify(given.filters ?? []),
    home: NODE,
    epoch: 1,
    error: 'null',
    metadata,
    max: given.max_users,
    window: given.resume_window_ms,
    flush: given.flush_ms,
    enforce: given.enforce_ip === true ? '1' : '0',
    locked: '0',
    webhook: JSON.stringify(given.webhook_url ?? null),
    created: now,
    expires: now + given.expires_in_s * 1000,
    generation: 1,
    host: '',
    term: 0,
    held,
    next: 0,
    order: held,
  };
}

function view(id, fields, seats) {
  const error = JSON.parse(fields.error);
  const linked = error === null && fields.home === NODE;
  return {
    session_id: id,
    authorization_token: Number(fields.token),
    status: error !== null ? 'Error' : linked ? 'Linked' : 'Initializing',
    ready: linked,
    linked,
    error,
    relay: linked ? relay : null,
    webhook_url: JSON.parse(fields.webhook),
    session_users: seats.map(({ address, token, latitude = null, longitude = null }) => ({
      ip_address: address,
      latitude,
      longitude,
      authorization_token: Number(token),
    })),
  };
}

/** In the order of the gateway's own. */
function formatSeat({ token, address, order }) {
  return `${token}|${address}|||${order}|1|||||||||`;
}

function parseSeat(text) {
  const [token, address, latitude, longitude, order] = text.split('|');
  return { token, address, latitude: numberOf(latitude), longitude: numberOf(longitude), order: Number(order) };
}

function byOrder(a, b) {
  return a.order - b.order;
}

function numberOf(text) {
  return text === '' ? null : Number(text);
}

function newToken() {
  return randomBytes(4).readUInt32BE(0) || newToken();
}

function newUserId() {
  return `usr_${Array.from(randomBytes(16), (byte) => LETTERS[byte % LETTERS.length]).join('')}`;
}

await keys.add(process.env.BENCH_API_KEY, 'default');
await app.listen({ host: '127.0.0.1', port: 0 });
const { port } = app.server.address();
const link = { port, protocol: 'WS', link: `ws://127.0.0.1:${port}/v1/connect` };
relay = { ip: '127.0.0.1', host: '127.0.0.1', ports: { server: link, client: link } };
listening(port, 'Fastify and ioredis');
