/** The steps of a random run: each is done to the model and to the gateway, and then both must agree. */
import fc from 'fast-check';
import { Client } from '../../support/client.js';
import type { SessionModel, Credential, ModelFrame, ModelUser } from './session-model.js';
import type { SessionRun } from './session-run.js';

type Step = fc.AsyncCommand<SessionModel, SessionRun>;
type Act = (model: SessionModel, run: SessionRun) => Promise<void>;
type ConnectedMember = SessionModel['connected'][number];

/** A number that picks one of whoever is there. */
const pick = fc.nat(11);
const oneIn = (n: number): fc.Arbitrary<boolean> => fc.nat(n - 1).map((value) => value === 0);

/** How often each is done, by how often it stands in the list. */
export function sessionSteps({ asksOnSockets = true } = {}): fc.Arbitrary<Step>[] {
  const joins = fc.record({ user: pick, byPair: fc.boolean(), renew: fc.boolean(), asHost: oneIn(4) }).map(join);
  const resumes = fc.record({ user: pick, age: fc.nat(2), fromStart: oneIn(4) }).map(resume);
  const frame = fc.record({
    from: pick,
    deliveryClass: fc.constantFrom<0 | 1 | 2>(0, 1, 2, 2),
    key: fc.nat(3),
    withRef: fc.boolean(),
    term: fc.constantFrom('none', 'none', 'current', 'other' as const),
    targets: fc.option(fc.array(pick, { maxLength: 3 }), { freq: 2 }),
  });
  const bursts = fc.record({
    senders: fc.integer({ min: 1, max: 3 }),
    each: fc.integer({ min: 1, max: 4 }),
    meanwhile: fc.constantFrom('nothing', 'drop', 'resume' as const),
    who: pick,
  });
  return [
    ...[joins, joins, joins, joins, resumes, resumes, resumes],
    ...[frame.map(send), frame.map(send), frame.map(send), bursts.map(burst), bursts.map(burst)],
    ...[pick.map(drop), pick.map(drop), pick.map(leave)],
    // A socket is told that the store did not answer; only calls have keys to be repeated under.
    ...(asksOnSockets
      ? [
          fc.record({ from: pick, to: pick, byHost: fc.boolean() }).map(handOver),
          fc.record({ from: pick, locked: oneIn(3), byHost: fc.boolean() }).map(lock),
          fc.record({ from: pick, to: pick, byHost: fc.boolean() }).map(kickAsHost),
        ]
      : []),
    fc.record({ user: pick, by: fc.constantFrom('index', 'user_id', 'token' as const), ban: oneIn(3) }).map(kick),
    pick.map(revoke),
    fc.nat(5).map(end),
  ];
}

function step(name: string, args: unknown, check: (model: SessionModel) => boolean, act: Act): Step {
  return {
    check,
    run: async (model, run) => {
      await act(model, run);
      await run.agree(model);
    },
    toString: () => `${name}(${JSON.stringify(args)})`,
  };
}

function join(args: { user: number; byPair: boolean; renew: boolean; asHost: boolean }): Step {
  return step(
    'join',
    args,
    () => true,
    async (model, run) => {
      const user = userOf(model, args.user);
      // A listed user's id is not known before its first join, so nothing can be minted for it.
      const byPair = user.pair !== null && (args.byPair || run.idOf(user) === null);
      if (!byPair && (args.renew || user.minted === null)) {
        const refusal = model.mint(user, args.asHost);
        same('mint', await run.mint(user, args.asHost), refusal);
        if (refusal !== null) return;
      }
      await enter(model, run, user, { by: byPair ? 'pair' : 'minted' });
    },
  );
}

function resume(args: { user: number; age: number; fromStart: boolean }): Step {
  const userIn = (model: SessionModel): ModelUser | null =>
    picked(
      model.users.filter(({ tokens }) => tokens > args.age),
      args.user,
    );
  return step(
    'resume',
    args,
    (model) => userIn(model) !== null,
    async (model, run) => {
      const user = required(userIn(model));
      const { member } = user;
      const seq = args.fromStart || member === null ? 0 : (member.socket?.seen ?? member.seen);
      await enter(model, run, user, { by: 'resume', token: user.tokens - args.age, seq });
    },
  );
}

function send(args: {
  from: number;
  deliveryClass: 0 | 1 | 2;
  key: number;
  withRef: boolean;
  term: string;
  targets: readonly number[] | null;
}): Step {
  return step('send', args, someConnected, async (model, run) => {
    const member = connectedMember(model, args.from);
    const ref = run.nextRef();
    const frame: ModelFrame = {
      deliveryClass: args.deliveryClass,
      key: args.key,
      ref: args.withRef ? ref : null,
      term: args.term === 'none' ? null : model.host.term + (args.term === 'other' ? 1 : 0),
      targets: args.targets,
      payload: `#${String(ref)}`,
    };
    relay(run, member, frame);
    model.send(member, frame);
  });
}

/** Several send at the same time, while another one's connection is cut or comes back: the gateway decides the order. */
function burst(args: { senders: number; each: number; meanwhile: string; who: number }): Step {
  return step('burst', args, someConnected, async (model, run) => {
    const senders = model.connected.slice(0, args.senders);
    const dropped = args.meanwhile === 'drop' ? picked(model.connected.slice(args.senders), args.who) : null;
    const count = senders.length * args.each;
    const away = model.members.filter(({ socket, seen }) => socket === null && model.isCovered(seen, count));
    const back = args.meanwhile === 'resume' ? picked(away, args.who) : null;
    const sent: { readonly member: ConnectedMember; readonly frame: ModelFrame; readonly ref: number }[] = [];
    for (let n = 0; n < args.each; n += 1) {
      for (const member of senders) {
        const ref = run.nextRef();
        const payload = `#${String(ref)}`;
        sent.push({ member, ref, frame: { deliveryClass: 2, key: 0, ref, term: null, targets: null, payload } });
      }
    }
    const seqBefore = model.seq;
    for (const { member, frame } of sent) relay(run, member, frame);
    if (dropped !== null) run.clientOf(dropped.socket).drop();
    if (back !== null) await enter(model, run, back.user, { by: 'resume', token: back.newestToken, seq: back.seen });
    if (back?.socket != null) {
      const { seq } = run.clientOf(back.socket).welcome;
      if (seq < seqBefore || seq > seqBefore + count) throw new Error(`a welcome at ${String(seq)}`);
      back.socket.welcome = { ...back.socket.welcome, seq };
    }
    const numbers = new Map<number, number>();
    for (const member of senders) {
      const client = run.clientOf(member.socket);
      const before = member.socket.replies.filter((words) => words.startsWith('ack')).length;
      await client.expect('ack', before + args.each);
      for (const { ref, seq } of client.of('ack').slice(before)) numbers.set(ref, seq);
    }
    const accepted = [...sent].sort((one, other) => (numbers.get(one.ref) ?? 0) - (numbers.get(other.ref) ?? 0));
    for (const { member, frame } of accepted) model.send(member, frame);
    if (dropped !== null) await lose(model, run, dropped);
  });
}

function drop(from: number): Step {
  return step('drop', from, someConnected, async (model, run) => {
    const member = connectedMember(model, from);
    run.clientOf(member.socket).drop();
    await lose(model, run, member);
  });
}

function leave(from: number): Step {
  return step('leave', from, someConnected, async (model, run) => {
    const member = connectedMember(model, from);
    run.clientOf(member.socket).say({ type: 'leave' });
    model.leave(member);
  });
}

function handOver(args: { from: number; to: number; byHost: boolean }): Step {
  return step('hand over', args, someConnected, async (model, run) => {
    const member = speaker(model, args);
    run.clientOf(member.socket).say({ type: 'host', index: args.to });
    model.handOver(member, args.to);
  });
}

function lock(args: { from: number; locked: boolean; byHost: boolean }): Step {
  return step('lock', args, someConnected, async (model, run) => {
    const member = speaker(model, args);
    run.clientOf(member.socket).say({ type: 'lock', locked: args.locked });
    model.lock(member, args.locked);
  });
}

function kickAsHost(args: { from: number; to: number; byHost: boolean }): Step {
  return step('kick as host', args, someConnected, async (model, run) => {
    const member = speaker(model, args);
    run.clientOf(member.socket).say({ type: 'kick', index: args.to });
    model.kickAsHost(member, args.to);
  });
}

function kick(args: { user: number; by: 'index' | 'user_id' | 'token'; ban: boolean }): Step {
  return step(
    'kick',
    args,
    (model) => {
      const user = userOf(model, args.user);
      return args.by === 'index' ? user.member !== null : args.by === 'user_id' || user.pair === 'good';
    },
    async (model, run) => {
      const user = userOf(model, args.user);
      const id = run.idOf(user);
      if (args.by === 'user_id' && id === null) return;
      const named = { index: user.member?.index, user_id: id, authorization_token: run.tokenOf(user) };
      const name = args.by === 'token' ? 'authorization_token' : args.by;
      const answer = await run.native('POST', `${run.path}/kick`, { [name]: named[name], ban: args.ban });
      const expected = model.kick(user, args.ban);
      if ('status' in expected) same('kick', { status: answer.status, code: answer.body.code as unknown }, expected);
      // A first try whose outcome was not known may have closed the socket already.
      else if (run.isPatient) same('kick', answer.body.matched as unknown, expected.matched);
      else same('kick', { matched: answer.body.matched as unknown, closed: answer.body.closed as unknown }, expected);
    },
  );
}

function revoke(which: number): Step {
  return step(
    'revoke',
    which,
    (model) => userOf(model, which).pair !== null,
    async (model, run) => {
      const user = userOf(model, which);
      const answer = await run.relays('POST', '/v1/relays/sessions:revoke-user', {
        session_id: run.path.slice(run.path.lastIndexOf('/') + 1),
        authorization_token: run.tokenOf(user),
      });
      same('revoke', answer.status, model.revoke(user));
    },
  );
}

/** Seldom, since little can happen after it. */
function end(chance: number): Step {
  return step(
    'end',
    chance,
    (model) => chance === 0 && !model.isEnded,
    async (model, run) => {
      const answer = await run.relays('DELETE', run.path);
      same('end', answer.status, 204);
      model.end();
    },
  );
}

/** Through the door with this credential, or refused as the model says. */
async function enter(model: SessionModel, run: SessionRun, user: ModelUser, credential: Credential): Promise<void> {
  const outcome = await run.connect(user, credential);
  const expected = model.join(user, credential);
  if (outcome instanceof Client && !('status' in expected)) run.noteOpened(expected, outcome, user, credential);
  else
    same(
      `join of ${user.name}`,
      outcome instanceof Client ? 'admitted' : outcome,
      'status' in expected ? expected : 'admitted',
    );
}

/** The connection is cut; what its client has seen by then is what it will resume from. */
async function lose(model: SessionModel, run: SessionRun, member: ConnectedMember): Promise<void> {
  await run.clientOf(member.socket).expectClosed();
  model.drop(member, run.seenBy(member.socket));
}

function relay(run: SessionRun, member: ConnectedMember, frame: ModelFrame): void {
  const { ref, term, targets, ...rest } = frame;
  run.clientOf(member.socket).relay({
    ...rest,
    ...(ref === null ? {} : { ref }),
    ...(term === null ? {} : { term }),
    ...(targets === null ? {} : { targets }),
  });
}

function someConnected(model: SessionModel): boolean {
  return model.connected.length > 0;
}

function connectedMember(model: SessionModel, which: number): ConnectedMember {
  return required(picked(model.connected, which));
}

/** The host, if it is wanted and there; else anybody. */
function speaker(model: SessionModel, { from, byHost }: { from: number; byHost: boolean }): ConnectedMember {
  const host = model.connected.find(({ index }) => index === model.host.index);
  return byHost && host !== undefined ? host : connectedMember(model, from);
}

function userOf(model: SessionModel, which: number): ModelUser {
  return required(picked(model.users, which));
}

function picked<T>(items: readonly T[], which: number): T | null {
  return items[which % items.length] ?? null;
}

function required<T>(value: T | null): T {
  if (value === null) throw new Error('a step ran without what its check asked for');
  return value;
}

function same(what: string, got: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(got), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${what}: got ${one}, expected ${other}`);
}
