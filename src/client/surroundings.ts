/** Hears from the browser or the phone that the network has come or gone, or that people look at the application again. */

/** React Native's `AppState`. */
export interface AppStateLike {
  addEventListener(type: 'change', listener: (state: string) => void): { remove(): void } | undefined;
}

export interface SurroundingsEvents {
  /** A connection has a better chance now than a moment ago: a good time to try. */
  readonly onBetter: () => void;
  /** The network is gone: the open link may be dead. */
  readonly onWorse: () => void;
}

interface Target {
  addEventListener(type: string, listener: (state: unknown) => void): unknown;
  removeEventListener(type: string, listener: (state: unknown) => void): void;
  readonly visibilityState?: string;
}

/** Listens to what exists here; returns a function that stops that. */
export function listenAround(given: AppStateLike | undefined, { onBetter, onWorse }: SurroundingsEvents): () => void {
  const page: unknown = Reflect.get(globalThis, 'document');
  const app: unknown = given ?? Reflect.get(globalThis, 'AppState');
  const stops: (() => void)[] = [];
  const listen = (target: unknown, type: string, listener: (state: unknown) => void): void => {
    if (!isTarget(target)) return;
    const subscription = target.addEventListener(type, listener);
    stops.push(() =>
      isSubscription(subscription) ? subscription.remove() : target.removeEventListener(type, listener),
    );
  };
  listen(globalThis, 'online', onBetter);
  listen(globalThis, 'offline', onWorse);
  listen(page, 'visibilitychange', () => {
    if (isTarget(page) && page.visibilityState === 'visible') onBetter();
  });
  listen(app, 'change', (state) => {
    if (state === 'active') onBetter();
  });
  return () => {
    for (const stop of stops) stop();
  };
}

function isTarget(value: unknown): value is Target {
  return hasFunction(value, 'addEventListener');
}

function isSubscription(value: unknown): value is { remove(): void } {
  return hasFunction(value, 'remove');
}

function hasFunction(value: unknown, name: string): boolean {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && name in value;
}
