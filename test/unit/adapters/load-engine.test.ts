import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { loadEngine } from '../../../src/adapters/uws/load-engine.js';

/** Node's own `require` in a folder without packages. */
const nothingInstalled = createRequire('/no-such-folder/module.js');
const module = { App: () => ({}), us_listen_socket_close: () => undefined, us_socket_local_port: () => 0 };

/** `require` where these packages are installed; a text is the problem that loading the package has. */
const installed =
  (packages: Readonly<Record<string, unknown>>) =>
  (name: string): unknown => {
    const found = packages[name];
    if (found === undefined) return nothingInstalled(name);
    if (typeof found === 'string') throw new Error(found);
    return found;
  };

/** As where the package holds no binary for this Node. */
const withoutBinary = "It supports only some.\n\nError: Cannot find module './uws_x_1.node'\nRequire stack:\n- /a.js";
const broken = 'Error: it does not run here.\n\nthe C library is too old';

describe('PK3 the engine that loads', () => {
  it('PK3 auto takes the build that comes with the gateway, although another is installed', () => {
    const { name, isSlow } = loadEngine('auto', installed({ 'uws-portable': module, 'uws-current': module }));
    expect([name, isSlow]).toEqual(['uWebSockets.js 20.51.0', false]);
  });

  it('PK3 auto takes an installed build where the one that comes with the gateway does not load', () => {
    const { name, problems } = loadEngine('auto', installed({ 'uws-portable': broken, 'uws-current': module }));
    expect(name).toBe('uWebSockets.js 20.57.0');
    expect(problems).toEqual(['uWebSockets.js 20.51.0: the C library is too old']);
  });

  it('PK3 auto ends at ws, and misses nothing that nobody installed', () => {
    const { isSlow, problems } = loadEngine('auto', installed({ 'uws-portable': broken }));
    expect([isSlow, problems]).toEqual([true, ['uWebSockets.js 20.51.0: the C library is too old']]);
  });

  it('PK3 the problem of a build names the file that is missing', () => {
    const { problems } = loadEngine('auto', installed({ 'uws-portable': withoutBinary }));
    expect(problems).toEqual(["uWebSockets.js 20.51.0: Error: Cannot find module './uws_x_1.node'"]);
  });

  it('PK3 auto says that the build which comes with the gateway is missing', () => {
    const { isSlow, problems } = loadEngine('auto', nothingInstalled);
    expect(isSlow).toBe(true);
    expect(problems).toEqual([
      'uWebSockets.js 20.51.0: the package uws-portable comes with the gateway, but is not installed',
    ]);
  });

  it('PK3 a chosen build that is not installed is refused by name, with the command that installs it', () => {
    expect(() => loadEngine('20.57', nothingInstalled)).toThrow(
      /SALLYPORT_ENGINE=20\.57 does not load[^]*npm install uws-current@npm:@btc-vision\/uwebsockets\.js@20\.57\.0/,
    );
    expect(() => loadEngine('20.51', nothingInstalled)).toThrow(/SALLYPORT_ENGINE=20\.51[^]*uws-portable/);
  });

  it('PK3 a chosen build that does not load is refused with its own problem, and not replaced', () => {
    const both = installed({ 'uws-portable': module, 'uws-current': broken });
    expect(() => loadEngine('20.57', both)).toThrow(/20\.57[^]*the C library is too old/);
    expect(loadEngine('20.51', both).name).toBe('uWebSockets.js 20.51.0');
    expect(loadEngine('ws', both).isSlow).toBe(true);
  });
});
