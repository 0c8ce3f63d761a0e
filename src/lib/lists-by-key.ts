/**
 * Values in a list for each key. Most keys of the gateway have one value: a list of one takes half the memory of a set,
 * and finding a value in a long list is still fast.
 */
export class ListsByKey<K, V> {
  private readonly lists = new Map<K, V[]>();

  /** The number of keys with a value. */
  get size(): number {
    return this.lists.size;
  }

  of(key: K): readonly V[] {
    return this.lists.get(key) ?? [];
  }

  add(key: K, value: V): void {
    const list = this.lists.get(key);
    if (list === undefined) this.lists.set(key, [value]);
    else list.push(value);
  }

  /** Removes the first value that matches, if there is one. */
  remove(key: K, matches: (value: V) => boolean): void {
    const list = this.lists.get(key);
    if (list === undefined) return;
    const at = list.findIndex(matches);
    if (at >= 0) list.splice(at, 1);
    if (list.length === 0) this.lists.delete(key);
  }
}
