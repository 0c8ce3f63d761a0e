/** The demo's steps, in order. Each does one thing to the gateway, demands what must follow, and says what happened. */
import { CLOSE_CODES, type CloseName } from '../src/protocol/close-codes.js';
import type { Account } from './report/account.js';
import { pairOf, type Backend, type CreatedSession } from './rest/backend.js';
import { demand } from './processes/changes.js';
import { GameClient } from './game-client.js';
import { nameOf, type Closed } from './inbox.js';

/** A client, and the numbers it came with. */
export interface Player {
  readonly client: GameClient;
  readonly credential: string;
  readonly userToken: number;
}

export interface Stage {
  readonly account: Account;
  readonly backend: Backend;
  /** Every client that joined, so that they can be let go of whatever happens. */
  readonly clients: GameClient[];
}

export interface Game {
  readonly session: CreatedSession;
  /** What a socket connects to, as the session said. */
  readonly link: string;
}

const ADDRESS = '127.0.0.1';
/** An address is authorized only once, so a user that comes later comes from another. */
const LATE_ADDRESS = '127.0.0.2';

export async function openSession({ account, backend }: Stage): Promise<Game> {
  const session = await backend.createSession([ADDRESS, ADDRESS, ADDRESS]);
  const link = session.relay?.ports.client.link ?? '';
  demand(session.status === 'Linked' && link !== '', `the session is ${session.status}, not Linked to a node`);
  demand(session.session_users.length === 3, `the session lists ${session.session_users.length} users instead of 3`);
  account.step(
    `the backend creates session ${session.session_id} for 3 users: ${session.status}, sockets go to ${link}`,
  );
  return { session, link };
}

/** The listed users first, in their order: the first of them becomes host. */
export async function joinListed(stage: Stage, game: Game, names: readonly string[]): Promise<Player[]> {
  const players: Player[] = [];
  for (const [i, name] of names.entries()) {
    const user = game.session.session_users[i];
    demand(user !== undefined, `the session lists no user ${i}`);
    const credential = pairOf(game.session, user);
    players.push({
      client: await join(stage, game, name, credential),
      credential,
      userToken: user.authorization_token,
    });
  }
  const [first] = players;
  demand(first?.client.welcome.you.role === 'host', 'the first to join is not host');
  const who = players.map(({ client }) => `${client.name} (${client.index})`).join(', ');
  stage.account.step(`${who} join with the pairs it answered; ${first.client.name} is host`);
  return players;
}

export async function joinLate(stage: Stage, game: Game, name: string): Promise<Player> {
  const user = await stage.backend.authorizeUser(game.session.session_id, LATE_ADDRESS);
  const credential = pairOf(game.session, user);
  const earlier = [...stage.clients];
  const client = await join(stage, game, name, credential);
  await Promise.all(earlier.map((each) => each.hear('member.joined', ({ member }) => member.index === client.index)));
  const { members } = client.welcome;
  demand(members.length === earlier.length + 1, `${name} was welcomed to ${members.length} members`);
  stage.account.step(`${name} (${client.index}) joins after sessions:authorize-user; the others hear member.joined`);
  return { client, credential, userToken: user.authorization_token };
}

export async function kick(
  stage: Stage,
  game: Game,
  { client, ...its }: Player,
  rest: readonly Player[],
): Promise<void> {
  const { account, backend } = stage;
  const report = await backend.kick(game.session.session_id, its.userToken, 'shown in the demo');
  const answeredMs = performance.now();
  demand(report.matched === 1 && report.closed === 1, `the kick reports ${JSON.stringify(report)}`);
  demand(report.nodes_timed_out === 0, `a node did not answer the kick: ${JSON.stringify(report)}`);
  account.step(`the backend kicks ${client.name}: ${JSON.stringify(report).replaceAll('"', '').replaceAll(',', ', ')}`);

  const closed = await client.untilClosed();
  demandClosed(client, closed, 'kicked');
  const lagMs = closed.atMs - answeredMs;
  const when = `${Math.abs(lagMs).toFixed(2)} ms ${lagMs < 0 ? 'before' : 'after'} the REST answer`;
  account.step(`${client.name}'s socket closes ${closed.code} ${closed.reason}, ${when}`);

  const pair = await refusalOf(game, client, its.credential);
  const resume = await refusalOf(game, client, client.welcome.resume.token);
  account.step(`${client.name} tries again: its pair is refused with ${pair}, its resume token with ${resume}`);

  await hearLeft(rest, client, 'kicked');
  account.step(`${namesOf(rest)} heard member.left of ${client.index}: kicked`);
}

/** The host leaves of its own will: the member with the longest membership, the first of `rest`, must follow. */
export async function hostLeaves({ account }: Stage, { client: host }: Player, rest: readonly Player[]): Promise<void> {
  const { term } = host.welcome.host;
  host.say({ type: 'leave' });
  demandClosed(host, await host.untilClosed(), 'left');
  await hearLeft(rest, host, 'left');
  const [heir] = rest;
  demand(heir !== undefined, 'nobody is left to be host');
  const told = await Promise.all(rest.map(({ client }) => client.hear('host', (frame) => frame.term > term)));
  const terms = new Set(told.map((frame) => frame.term));
  for (const { index } of told) {
    demand(index === heir.client.index, `host is member ${index ?? 'nobody'}, not ${heir.client.index}`);
  }
  demand(terms.size === 1, `the members heard of different terms: ${[...terms].join(', ')}`);
  const [newTerm = 0] = terms;
  account.step(
    `${host.name} leaves (${CLOSE_CODES.left}): ${heir.client.name} is host now, term ${term} -> ${newTerm}`,
  );
}

export async function backendSpeaks(stage: Stage, game: Game, rest: readonly Player[]): Promise<void> {
  const payload = Buffer.from('a message of the backend');
  const { seq, receivers } = await stage.backend.sendReliable(game.session.session_id, payload);
  const entries = await Promise.all(rest.map(({ client }) => client.hearBackend()));
  demand(receivers === rest.length, `the backend's message went to ${receivers} members instead of ${rest.length}`);
  for (const entry of entries) {
    demand(payload.equals(entry.payload), 'the message of the backend came changed');
    demand(entry.seq === seq, `sequence ${seq ?? 'null'} was sent, ${entry.seq} came`);
  }
  stage.account.step(`the backend sends a reliable message: sequence ${seq ?? 'none'}, ${namesOf(rest)} got it`);
}

export async function endSession(stage: Stage, game: Game, rest: readonly Player[]): Promise<void> {
  await stage.backend.endSession(game.session.session_id);
  const closed = await Promise.all(rest.map(({ client }) => client.untilClosed()));
  for (const [i, { client }] of rest.entries()) demandClosed(client, closed[i] ?? null, 'session_ended');
  await stage.backend.demandGone(game.session.session_id);
  const code = CLOSE_CODES.session_ended;
  stage.account.step(`the backend ends the session: ${namesOf(rest)} close ${code} session_ended, it answers 404 now`);
}

async function join(stage: Stage, game: Game, name: string, credential: string): Promise<GameClient> {
  const client = await GameClient.join(name, game.link, credential);
  stage.clients.push(client);
  return client;
}

/** `403 credential_revoked`, say. Being let in is what must not happen, nor a refusal that passes. */
async function refusalOf(game: Game, { name }: GameClient, credential: string): Promise<string> {
  const outcome = await GameClient.attempt(name, game.link, credential);
  if (outcome instanceof GameClient) {
    outcome.drop();
    throw new Error(`${name} was kicked, and its credential was accepted again`);
  }
  const { status, code } = outcome;
  demand(status === 401 || status === 403, `${name}'s credential was refused for another reason: ${status} ${code}`);
  return `${status} ${code}`;
}

async function hearLeft(players: readonly Player[], gone: GameClient, reason: string): Promise<void> {
  const heard = players.map(({ client }) => client.hear('member.left', ({ index }) => index === gone.index));
  for (const frame of await Promise.all(heard)) {
    demand(frame.reason === reason, `${gone.name} left as ${frame.reason}, not as ${reason}`);
  }
}

function demandClosed({ name }: GameClient, closed: Closed | null, as: CloseName): void {
  const isAs = closed?.code === CLOSE_CODES[as] && closed.reason === as;
  demand(isAs, `${name} was closed ${nameOf(closed)}, instead of ${CLOSE_CODES[as]} ${as}`);
}

function namesOf(players: readonly Player[]): string {
  return players.map(({ client }) => client.name).join(', ');
}
