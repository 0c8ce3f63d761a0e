/** Stands between a gateway and its store: replaces what a test names, and leaves the rest. */
import type { NodeStore } from '../../src/ports/node-store.js';
import type { RelayStore } from '../../src/ports/relay-store.js';
import type { Store } from '../../src/ports/store.js';

export interface Replacements {
  readonly relay?: (real: RelayStore) => Partial<RelayStore>;
  readonly nodes?: (real: NodeStore) => Partial<NodeStore>;
}

export function wrapStore({ relay, nodes }: Replacements): (store: Store) => Store {
  return (store) =>
    overlay(store, {
      ...(relay === undefined ? {} : { relay: overlay(store.relay, relay(store.relay)) }),
      ...(nodes === undefined ? {} : { nodes: overlay(store.nodes, nodes(store.nodes)) }),
    });
}

/** What `above` has wins; methods of `below` keep their `this`. */
function overlay<T extends object>(below: T, above: Partial<T>): T {
  return new Proxy(below, {
    get(target, name) {
      const value: unknown = Reflect.get(Reflect.has(above, name) ? above : target, name);
      return typeof value === 'function' && !Reflect.has(above, name) ? (value.bind(target) as unknown) : value;
    },
  });
}
