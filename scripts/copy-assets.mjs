// Copies what the compiler leaves behind: Lua scripts and a thread's program, read from disk by the module beside them.
import { cpSync, mkdirSync } from 'node:fs';

mkdirSync('dist/src/adapters/redis/lua', { recursive: true });
cpSync('src/adapters/redis/lua', 'dist/src/adapters/redis/lua', { recursive: true });
cpSync('src/adapters/jose/rs256-worker.mjs', 'dist/src/adapters/jose/rs256-worker.mjs');
