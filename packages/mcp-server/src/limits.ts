/** Limits of what a tool shows a model. */
export const toolLimits = {
  /** One tool result, as an object and as text: more fills a model's context with little use. */
  resultBytes: 20_000,
  /** A message body in a list; `get_message` returns the whole of it. */
  listedChars: 1_000,
} as const;
