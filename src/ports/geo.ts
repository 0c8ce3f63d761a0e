export interface Place {
  readonly latitude: number | null;
  readonly longitude: number | null;
}

/** Finds the location of an address. Both values are null when it is unknown or no database is configured. */
export interface Geo {
  locate(address: string): Place;
}
