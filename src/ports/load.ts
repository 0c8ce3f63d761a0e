/** How busy this process is. */
export interface LoadMeter {
  /** The share of time since the last call that the event loop was working, 0 to 1. */
  utilization(): number;
}
