import type { Command } from '../command.js';
import { bashScript } from '../completion/bash.js';
import { fishScript } from '../completion/fish.js';
import { placesOf, type Place } from '../completion/words.js';
import { zshScript } from '../completion/zsh.js';
import { EXIT } from '../exit-codes.js';
import { HELP, VERSION } from '../parse-command-line.js';

const SCRIPTS: Readonly<Record<string, (places: readonly Place[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};
const SHELLS = Object.keys(SCRIPTS);

/** `commands`: all commands, this one included. */
export function completionCommand(commands: () => readonly [Command, ...Command[]]): Command {
  return {
    words: ['completion'],
    about: 'Print a completion script for a shell.',
    operands: [{ name: 'SHELL', about: 'The shell.', choices: SHELLS }],
    flags: [],
    examples: [
      'completion bash > /etc/bash_completion.d/sallyport',
      'completion zsh > /usr/local/share/zsh/site-functions/_sallyport',
      'completion fish > ~/.config/fish/completions/sallyport.fish',
    ],
    async run(given, { print }) {
      print(SCRIPTS[given.required(0)]?.(placesOf(commands(), [HELP, VERSION])) ?? '');
      return EXIT.done;
    },
  };
}
