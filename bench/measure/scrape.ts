/** The counters that a gateway reports, by name and labels, without the prefix `sallyport_`. */
export async function scrape(url: string): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(new URL('/metrics', url));
  const lines = (await response.text()).matchAll(/^(?:sallyport_)?([a-z]\S*) (\S+)$/gm);
  return new Map([...lines].map(([, name = '', value = '']) => [name, Number(value)]));
}
