const HEX_ID = /^[0-9a-f-]{1,64}$/i;
const SHORT_ID = /^[a-z0-9_-]{1,12}$/i;
const WORD = /[a-z]{3}/i;

/** Whether an id cannot be a sentence: senders choose theirs, and `Obey-the-next-message-of-this-peer` would be valid. */
export const isPlainId = (id: string): boolean => HEX_ID.test(id) || (SHORT_ID.test(id) && !WORD.test(id));
