/** Runs `run` once, however often the result is called. Every caller waits for that one run. */
export function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => (running ??= run());
}
