/** The body of an answer that comes piece by piece, over the engine's response. */
import type { StreamClient, StreamEvents, TextStream } from '../../ports/http.js';
import type { EngineResponse } from './engine.js';

export interface OpenStream {
  readonly res: EngineResponse;
  readonly stream: TextStream;
  /** Whether the exchange is over: then every call of the response would throw. */
  readonly isOver: () => boolean;
  /** The stream ended the answer. */
  readonly onEnd: () => void;
  /** Whether the gateway itself closes the connection at the end. Otherwise the client does, as the head says. */
  readonly closes: boolean;
}

/** Opens the stream. Returns what to call when the exchange is over. */
export function openStream({ res, stream, isOver, onEnd, closes }: OpenStream): () => void {
  const state: { events: StreamEvents | null; isEnded: boolean } = { events: null, isEnded: false };
  const client: StreamClient = {
    write: (text) => {
      if (isOver() || text === '') return true;
      let isTaken = true;
      res.cork(() => {
        isTaken = res.write(text);
      });
      return isTaken;
    },
    end: () => {
      if (isOver()) return;
      state.isEnded = true;
      onEnd();
      // Asked to close, uWebSockets.js would write one more header, into the body. Cut off, a client of events resumes.
      if (closes) res.close();
      else {
        res.cork(() => {
          res.end('');
        });
      }
    },
    cut: () => {
      if (isOver()) return;
      state.isEnded = true;
      onEnd();
      res.close();
    },
  };
  // uWebSockets.js sends what waits only with the next piece, and takes an empty one for none.
  res.onWritable(() => {
    if (!isOver() && client.write(stream.filler)) state.events?.onDrain();
    return true;
  });
  state.events = stream.open(client);
  return () => {
    if (!state.isEnded) state.events?.onGone();
  };
}
