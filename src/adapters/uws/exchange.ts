/**
 * One HTTP exchange with the engine: knows whether it is over, and writes at most one answer. After an abort or an
 * answer every call on the engine's response would throw; here it does nothing.
 */
import { STATUS_CODES } from 'node:http';
import type { HttpResponse } from '../../ports/http.js';
import type { EngineResponse } from './engine.js';

export class Exchange {
  private isOver = false;
  /** Whether a handler runs, which may change something and goes on when its caller is answered before. */
  isHandled = false;
  private readonly whenOver: (() => void)[] = [];

  /** Registers for aborts at once: a response without that ends the process when its client goes away. */
  constructor(
    private readonly res: EngineResponse,
    /** A HEAD request gets the head of the answer to its GET, the length included, and no body. */
    private readonly isHead = false,
  ) {
    res.onAborted(() => {
      this.end();
    });
  }

  get over(): boolean {
    return this.isOver;
  }

  /** Runs when the answer is out or the client is gone. */
  onOver(run: () => void): void {
    this.whenOver.push(run);
  }

  answer(response: HttpResponse): void {
    if (this.isOver) return;
    this.end();
    const { status, headers = {}, body, close = false } = response;
    this.res.cork(() => {
      this.res.writeStatus(`${String(status)} ${STATUS_CODES[status] ?? ''}`);
      for (const [name, value] of Object.entries(headers)) this.res.writeHeader(name, value);
      if (status === 204) this.endWithoutBody(close);
      else if (this.isHead) {
        this.res.writeHeader('Content-Length', String(Buffer.byteLength(body ?? '')));
        this.endWithoutBody(close);
      } else this.res.end(body ?? '', close);
    });
  }

  /**
   * Hands the response over to an upgrade: from here on it is not an exchange any more. Corked, so that the 101 leaves
   * in one write. Nothing else belongs in here: when its callback returns, `cork` reads the response's flags from
   * memory that the upgrade has freed, and a socket whose flags were overwritten is closed (docs/adr/0006).
   */
  upgrade(run: (res: EngineResponse) => void): void {
    if (this.isOver) return;
    this.end();
    this.res.cork(() => {
      run(this.res);
    });
  }

  /**
   * Without arguments, always: the 20.30 engine writes an absurd length for `undefined`, and waits for a body of the
   * length it is given.
   */
  private endWithoutBody(close: boolean): void {
    if (close) this.res.writeHeader('Connection', 'close');
    this.res.endWithoutBody();
  }

  private end(): void {
    this.isOver = true;
    for (const run of this.whenOver.splice(0)) run();
  }
}
