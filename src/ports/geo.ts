export interface Place {
  readonly latitude: number | null;
  readonly longitude: number | null;
}

/** Where an address is. Nulls when it is not known, or no database is configured. */
export interface Geo {
  locate(address: string): Place;
}
