import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { JSON_FLAG } from '../rest/flags.js';
import { settingsOf, WORKERS_FLAG } from '../settings.js';
import { counted } from '../text.js';

export const checkConfigCommand: Command = {
  words: ['check-config'],
  about: 'Check the settings that serve would start with, and name every problem.',
  details: 'It opens no file and no connection. Problems do not show the values of secrets.',
  operands: [],
  flags: [WORKERS_FLAG, JSON_FLAG],
  examples: ['check-config', 'check-config --json'],
  async run(given, { environment, print, note }) {
    const settings = settingsOf(given, environment);
    const { parseConfig } = await import('../../config/parse.js');
    const parsed = parseConfig(settings);
    const problems = parsed.ok ? [] : parsed.problems;
    const set = Object.keys(settings).filter((name) => name.startsWith('SALLYPORT_') && settings[name] !== '');
    if (given.has('json')) print(`${JSON.stringify({ valid: parsed.ok, problems, set: set.toSorted() })}\n`);
    else if (parsed.ok) print(`The settings are valid: ${counted(set.length, 'variable')} set, the rest by default.\n`);
    else note(`The settings are wrong:\n${problems.map((problem) => `  ${problem}\n`).join('')}`);
    return parsed.ok ? EXIT.done : EXIT.settings;
  },
};
