/** What no reader sees: controls but tab and line feed, bidi, zero-width, tag characters, lone surrogates. */
export const unseen =
  /(?![\t\n])\p{Cc}|[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]|[\ud800-\udfff]/u;
