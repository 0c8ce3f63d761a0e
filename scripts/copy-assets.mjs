// Copies what the compiler leaves behind: Lua scripts are read from disk, beside the module that loads them.
import { cpSync, mkdirSync } from 'node:fs';

mkdirSync('dist/src/adapters/redis/lua', { recursive: true });
cpSync('src/adapters/redis/lua', 'dist/src/adapters/redis/lua', { recursive: true });
