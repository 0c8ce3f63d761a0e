/** However often the result is called, `run` runs once, and every caller waits for that run. */
export function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => (running ??= run());
}
