import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../../src/adapters/memory/memory-store.js';
import { SessionSockets } from '../../../src/identity/session-socket.js';
import { SessionDoorway } from '../../../src/identity/session-doorway.js';
import { overNews } from '../../../src/identity/user-session-news.js';
import { UserSessionSockets } from '../../../src/identity/user-session-sockets.js';
import { Heartbeats } from '../../../src/sockets/heartbeats.js';
import type { CloseName } from '../../../src/protocol/close-codes.js';
import { parseNodeId } from '../../../src/protocol/ids.js';
import type { ClientSocket } from '../../../src/ports/socket.js';
import type { UserSessionWatches } from '../../../src/ports/user-session-watches.js';
import * as i from '../../contract/suites/identity-fixtures.js';
import { silentLog } from '../../support/silent-log.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silentMetrics } from '../../support/silent-metrics.js';

const metrics = silentMetrics();

/** For a control: a registry that learns of a socket only when the socket opens. */
function watchingLate(real: UserSessionWatches): UserSessionWatches {
  return {
    watch: (id) => {
      let stop = (): void => undefined;
      return {
        begin: (watcher) => {
          const watch = real.watch(id);
          stop = () => watch.stop();
          watch.begin(watcher);
        },
        stop: () => stop(),
      };
    },
  };
}

/** A session is revoked after the door has looked at it and before its socket is there: what becomes of the socket? */
async function raceOf(choose: (real: UserSessionSockets) => UserSessionWatches) {
  const clock = new ManualClock();
  const { userSessions } = createMemoryStore({ clock });
  const session = i.newUserSession();
  await userSessions.open(session, i.NO_LIMIT);
  const sockets = new UserSessionSockets();
  const node = parseNodeId(`node_${'n'.repeat(16)}`);
  if (node === null) throw new Error('unreachable');
  const rates = { messagesPerS: 0, bytesPerS: 0, workMsPerS: 0, maxMessageBytes: 100 };
  const limits = { ...rates, heartbeatMs: 1000, heartbeatTimeoutMs: 1000 };
  const doorway = new SessionDoorway({
    tokens: {
      verify: async () => ({ userId: session.userId, sessionId: session.id, issuedAtMs: 0, expiresAtMs: 0 }),
    },
    userSessions,
    watches: choose(sockets),
    sockets: new SessionSockets({
      clock,
      metrics,
      log: silentLog,
      heartbeats: new Heartbeats(clock),
      node,
      limits,
      maxBufferedBytes: 100,
    }),
  });
  const admission = await doorway.admit('a.b.c');
  const finished = await userSessions.finish(session.id, 'revoked');
  if (finished.outcome !== 'changed') throw new Error('not revoked');
  sockets.tell(finished.session.id, overNews(finished.session));
  const seen: { closed: CloseName | null; readonly sent: string[] } = { closed: null, sent: [] };
  const socket: ClientSocket = {
    send: (frame) => seen.sent.push(String(frame)) > 0,
    ping: () => undefined,
    close: (name) => (seen.closed = name),
    bufferedBytes: () => 0,
    subscribe: () => undefined,
    unsubscribe: () => undefined,
    publishToOthers: () => undefined,
  };
  admission.open(socket);
  return { ...seen, types: seen.sent.map((text) => (JSON.parse(text) as { type: string }).type) };
}

describe('a user session that is revoked between the door and its socket', () => {
  it('UP11 closes the socket as it comes', async () => {
    expect(await raceOf((sockets) => sockets)).toMatchObject({
      closed: 'revoked',
      types: ['welcome', 'user_session.revoked'],
    });
  });

  it('UP11 would leave it open, were it watched only from its opening on', async () => {
    expect(await raceOf(watchingLate)).toMatchObject({ closed: null, types: ['welcome'] });
  });
});
