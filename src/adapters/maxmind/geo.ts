import { isIP } from 'node:net';
import maxmind, { type CityResponse } from 'maxmind';
import type { Geo, Place } from '../../ports/geo.js';

const NOWHERE: Place = { latitude: null, longitude: null };

/** Without a database every location is unknown. */
export function noGeo(): Geo {
  return { locate: () => NOWHERE };
}

/**
 * Reads a MaxMind database (version 2) into memory once. Rejects when the file is unreadable or not such a database.
 */
export async function openGeo(path: string): Promise<Geo> {
  const reader = await maxmind.open<CityResponse>(path);
  return {
    locate: (address) => (isIP(address) === 0 ? NOWHERE : readPlace(reader.get(address))),
  };
}

/** The record's types depend on the file; without two numbers the location is unknown. */
function readPlace(record: unknown): Place {
  const location = member(record, 'location');
  const latitude = member(location, 'latitude');
  const longitude = member(location, 'longitude');
  return typeof latitude === 'number' && typeof longitude === 'number' ? { latitude, longitude } : NOWHERE;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
