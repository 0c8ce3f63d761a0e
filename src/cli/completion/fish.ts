import type { Flag } from '../flag.js';
import { flagsWithValue, type Place } from './words.js';

/** One line for each word and flag; the condition compares the place in the command line with the line's own. */
export function fishScript(places: readonly Place[]): string {
  const known = places.filter(({ words }) => words.length > 0).map(({ words }) => `'${words.join(' ')}'`);
  return `# fish completion of sallyport. Save it as ~/.config/fish/completions/sallyport.fish
function __sallyport_place
    set -l place ''
    set -l is_value 0
    for word in (commandline -opc)[2..-1]
        if test $is_value = 1
            set is_value 0
            continue
        end
        switch $word
            case ${flagsWithValue(places)
              .map(({ name }) => `--${name}`)
              .join(' ')}
                set is_value 1
                continue
            case '-*'
                continue
        end
        set -l next (string trim "$place $word")
        if contains -- "$next" ${known.join(' ')}
            set place $next
        else
            break
        end
    end
    test "$place" = "$argv[1]"
end
complete -c sallyport -f
${places.flatMap(linesOf).join('\n')}
`;
}

function linesOf({ words, next, flags }: Place): readonly string[] {
  const start = `complete -c sallyport -n "__sallyport_place '${words.join(' ')}'"`;
  return [
    ...next.map(({ word, about }) => `${start} -a ${word}${about === '' ? '' : ` -d ${quoted(about)}`}`),
    ...flags.map((flag) => `${start} ${flagOptions(flag)}`),
  ];
}

function flagOptions({ name, short, value, choices, about }: Flag): string {
  return [
    ...(short === undefined ? [] : [`-s ${short}`]),
    `-l ${name}`,
    ...(value === undefined ? [] : ['-x']),
    ...(choices === undefined ? [] : [`-a '${choices.join(' ')}'`]),
    `-d ${quoted(about)}`,
  ].join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
