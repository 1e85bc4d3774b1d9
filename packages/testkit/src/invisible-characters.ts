/**
 * Matches a character that readers do not see: controls except tab and line feed, bidi, zero-width, tag characters, lone
 * surrogates, and joiners that join no emoji.
 */
export const invisibleCharacters =
  /(?![\t\n])\p{Cc}|\u034f|[\u00ad\u061c\u115f\u1160\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]|[\ud800-\udfff]|(?<!\p{ExtPict}[\ufe0f\u{1f3fb}-\u{1f3ff}]?)\u200d|\u200d(?!\p{ExtPict})/u;
