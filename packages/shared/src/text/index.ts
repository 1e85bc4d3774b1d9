export { cleanJson, cleanLine, cleanText, cutText, showUnseen } from './clean-text.ts';
