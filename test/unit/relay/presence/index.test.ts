/** The two indexes behind presence hold what is there and nothing else. */
import { expect, test } from 'vitest';
import type { Admission } from '../../../../src/ports/connect.js';
import { closedSocket } from '../../../../src/ports/socket.js';
import { OpenSockets } from '../../../../src/sockets/open-sockets.js';
import * as f from '../../../contract/suites/fixtures.js';
import { HomeStage } from '../../../support/home.js';

test('PR6 an open socket is found by its user until it closes, once for each', () => {
  const sockets = new OpenSockets();
  const [ada, bob] = [f.userId(), f.userId()];
  const open = (userId: Admission['userId']): Admission => {
    const admission = { userId, seatName: null, open: () => closedSocket, abandon: () => undefined };
    sockets.onOpened(admission);
    return admission;
  };
  const [one, two, other] = [open(ada), open(ada), open(bob)];
  expect(sockets.of(ada)).toEqual([one, two]);
  sockets.onClosed(one);
  sockets.onClosed(one);
  expect([sockets.of(ada)[0] === two, sockets.of(ada).length, sockets.size]).toEqual([true, 1, 2]);
  sockets.onClosed(two);
  expect([sockets.of(ada), sockets.of(bob).length, sockets.size]).toEqual([[], 1, 1]);
  sockets.onClosed(other);
  expect(sockets.size).toBe(0);
});

test('PR6 a member is found by its user until it has left, and none is left when the session ends', async () => {
  const home = new HomeStage();
  const { room, ben } = await home.roomOfTwo();
  const users = [...room.members.values()].map(({ userId }) => userId);
  const standings = () => users.map((user) => home.membersByUser.of(user).map(({ member }) => member.standing.kind));
  expect(standings()).toEqual([['connected'], ['connected']]);
  ben.socket.close('going_away');
  expect(standings()).toEqual([['connected'], ['away']]);
  await home.pass(f.WINDOW_MS);
  expect(standings()).toEqual([['connected'], []]);
  home.rooms.end(room.id, 'session_ended');
  expect(home.membersByUser.size).toBe(0);
});
