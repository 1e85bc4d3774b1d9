export { cleanJson, cleanLine, cleanText, cutText, showUnseen } from './clean-text.ts';
export { inertJson, textForModel, untrusted } from './untrusted.ts';
