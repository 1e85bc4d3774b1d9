export { cleanJson, cleanLine, cleanText, cutText, showUnseen } from './clean-text.ts';
export { makeInert } from './fence.ts';
export { nearestWord } from './nearest-word.ts';
export { isPlainId } from './plain-id.ts';
export { foldAccents, foldText, wordsOf } from './search-text.ts';
export { shellQuoted } from './shell-quoted.ts';
export { timeAgo } from './time-ago.ts';
export { fenced, inertJson, labelled } from './untrusted.ts';
