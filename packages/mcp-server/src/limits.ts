/** Limits of tool results. */
export const toolLimits = {
  /** One tool result, as an object and as text: more would fill a model's context for little use. */
  resultBytes: 20_000,
  /** A message body in a list; `get_message` returns the full text. */
  listedChars: 1_000,
} as const;
