const POLL_MS = 10;

/**
 * Waits until `check` returns null; what it returns otherwise is the reason why not yet, and the
 * last one is in the error. What `check` throws counts as a reason too. A check that costs much is made less often.
 */
export async function eventually(
  check: () => string | null | Promise<string | null>,
  timeoutMs = 20_000,
  everyMs = POLL_MS,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const reason = await reasonOf(check);
    if (reason === null) return;
    if (performance.now() >= deadline) throw new Error(`not within ${timeoutMs} ms: ${reason}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

async function reasonOf(check: () => string | null | Promise<string | null>): Promise<string | null> {
  try {
    return await check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
