import { flagsWithValue, type Place } from './words.js';

/**
 * The script walks over the words before the cursor, skips flags and their values, and so finds the place in the command
 * line. Then it offers what the table has for that place.
 */
export function bashScript(places: readonly Place[]): string {
  const valued = flagsWithValue(places);
  const withChoices = valued.filter(({ choices }) => choices !== undefined);
  const withoutChoices = valued.filter(({ choices }) => choices === undefined);
  const known = places.filter(({ words }) => words.length > 0).map(({ words }) => `'${words.join(' ')}'`);
  return `# bash completion of sallyport. Put it where bash-completion finds it, or: source <(sallyport completion bash)
_sallyport() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} place='' word next i
  COMPREPLY=()
  case $before in
${withChoices
  .map(
    ({ name, choices = [] }) =>
      `    --${name}) COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$current")); return ;;`,
  )
  .join('\n')}
    ${withoutChoices.map(({ name }) => `--${name}`).join('|')}) return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      ${valued.map(({ name }) => `--${name}`).join('|')}) ((i++)); continue ;;
      -*) continue ;;
    esac
    next=\${place:+$place }$word
    case $next in
      ${known.join('|')}) place=$next ;;
      *) break ;;
    esac
  done
  case $place in
${places.map(({ words, next, flags }) => `    '${words.join(' ')}') next='${[...next.map(({ word }) => word), ...flags.map(({ name }) => `--${name}`)].join(' ')}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$next" -- "$current"))
}
complete -o default -F _sallyport sallyport
`;
}
