/**
 * What no reader sees: controls but tab and line feed, bidi, zero-width, tag characters, lone surrogates; the joiner
 * of emoji only where it joins none.
 */
export const unseen =
  /(?![\t\n])\p{Cc}|\u034f|[\u00ad\u061c\u115f\u1160\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]|[\ud800-\udfff]|(?<!\p{ExtPict}[\ufe0f\u{1f3fb}-\u{1f3ff}]?)\u200d|\u200d(?!\p{ExtPict})/u;
