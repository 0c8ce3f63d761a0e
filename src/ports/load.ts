/** How busy this process is. */
export interface LoadMeter {
  /** The share of time that the event loop worked since the last call, 0 to 1. */
  utilization(): number;
}
