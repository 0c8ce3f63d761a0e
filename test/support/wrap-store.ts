/** Stands between a gateway and its store: replaces what a test names, and leaves the rest. */
import type { Store } from '../../src/ports/store.js';

type Part = Exclude<keyof Store, 'engine' | 'start' | 'health' | 'stop'>;

/** For each part that is named: what of it is replaced, given the real one. */
export type Replacements = { readonly [P in Part]?: (real: Store[P]) => Partial<Store[P]> };

export function wrapStore(replacements: Replacements): (store: Store) => Store {
  return (store) => {
    const replaced = <P extends Part>(part: P): Partial<Pick<Store, P>> => {
      const replace: ((real: Store[P]) => Partial<Store[P]>) | undefined = replacements[part];
      return replace === undefined ? {} : ({ [part]: overlay(store[part], replace(store[part])) } as Pick<Store, P>);
    };
    const parts = Object.keys(replacements) as Part[];
    return overlay(store, Object.assign({}, ...parts.map((part) => replaced(part))) as Partial<Store>);
  };
}

/** Members of `above` win; methods of `below` keep their `this`. */
function overlay<T extends object>(below: T, above: Partial<T>): T {
  return new Proxy(below, {
    get(target, name) {
      const value: unknown = Reflect.get(Reflect.has(above, name) ? above : target, name);
      return typeof value === 'function' && !Reflect.has(above, name) ? (value.bind(target) as unknown) : value;
    },
  });
}
