/** Whole milliseconds since `startedMs`, for reports; never negative. */
export function elapsedMs(startedMs: number, nowMs: number): number {
  return Math.max(0, Math.round(nowMs - startedMs));
}
