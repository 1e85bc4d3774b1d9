import { limits } from '@ocmesh/shared/contract';
import { cleanLine, cleanText, cutText } from '@ocmesh/shared/text';
import { ownerLimits } from './limits.ts';

/** Begins each line of what others wrote, and none of ours. */
const MARK = '> ';

/**
 * Returns what a peer says, for the owner's phone: cleaned, cut, each line marked, without anything that an app would load or
 * link by itself.
 * @param name what it calls itself, or the owner's name for it
 * @param maxChars of the texts together
 */
export function quote(name: string | null, texts: readonly string[], maxChars: number): string {
  const text = cleanText(texts.join('\n'));
  const short = cutText(text, maxChars);
  const lines = short
    .split('\n')
    .map((line) => cleanLine(line, maxChars))
    .filter((line) => line !== '');
  const shown = lines.slice(0, ownerLimits.request.lines);
  const isCut = short.length < text.length || shown.length < lines.length;
  return [
    ...(name === null ? [] : [`Name: ${cleanLine(name, limits.peer.nameChars)}`]),
    ...shown,
    ...(isCut ? ['[…]'] : []),
  ]
    .map((line) => MARK + withoutLinks(line))
    .join('\n');
}

/** Apps load pictures and previews: whoever wrote the link would learn the owner's address. */
const withoutLinks = (text: string): string =>
  text
    .replace(/:(?=\/\/)/g, ' :')
    .replace(/(?<=nostr|cashu|lightning|bitcoin):/gi, ' :')
    .replace(/(?<=[\p{L}\p{N}_-])\.(?=\p{L})/gu, ' .');
