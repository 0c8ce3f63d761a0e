import type { Flag } from '../flag.js';
import { flagsWithValue, type Place } from './words.js';

/** The same walk as in bash, with a description beside each word. */
export function zshScript(places: readonly Place[]): string {
  const valued = flagsWithValue(places);
  const known = places.filter(({ words }) => words.length > 0).map(({ words }) => `'${words.join(' ')}'`);
  return `#compdef sallyport
# zsh completion of sallyport. Save it as _sallyport in a folder of $fpath, or: source <(sallyport completion zsh)
_sallyport() {
  local place='' word next i
  local -a offers
  case \${words[CURRENT-1]} in
${valued.map(valueCase).join('\n')}
  esac
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
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
${places.map(placeCase).join('\n')}
  esac
  _describe -t commands sallyport offers
}
if [ "$funcstack[1]" = _sallyport ]; then _sallyport "$@"; else compdef _sallyport sallyport; fi
`;
}

function valueCase({ name, choices }: Flag): string {
  return choices === undefined
    ? `    --${name}) _default; return ;;`
    : `    --${name}) compadd ${choices.join(' ')}; return ;;`;
}

function placeCase({ words, next, flags }: Place): string {
  const offers = [
    ...next.map(({ word, about }) => offer(word, about)),
    ...flags.map(({ name, about }) => offer(`--${name}`, about)),
  ];
  return `    '${words.join(' ')}') offers=(${offers.join(' ')}) ;;`;
}

/** A colon divides the word from its description. */
function offer(word: string, about: string): string {
  return `'${word}:${about.replaceAll("'", "'\\''").replaceAll(':', '\\:')}'`;
}
