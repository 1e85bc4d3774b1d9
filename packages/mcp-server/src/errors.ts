import { type ErrorCode, errorStep, OcmeshError } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';

/** Characters of an error's message: ours never need more. */
const MESSAGE_CHARS = 400;

export interface ToolError extends Record<string, unknown> {
  readonly error: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/**
 * A failure as a model sees it: code, message and next step. Leaves out `details`, which may hold text by peers, and the
 * hint that the daemon sent, which names REST calls.
 */
export function toToolError(failure: unknown): ToolError {
  if (!(failure instanceof OcmeshError)) {
    return {
      error: 'internal',
      message: 'Internal error of the MCP server of ocmesh.',
      hint: 'Call again. If it happens again, tell your user: its output on stderr has the reason.',
    };
  }
  return {
    error: failure.code,
    message: cleanLine(failure.message, MESSAGE_CHARS),
    hint: errorStep(failure, 'tool'),
  };
}

/** `code: message. hint` */
export const errorText = ({ error, message, hint }: ToolError): string =>
  `${error}: ${message.replace(/[.\s]*$/, '')}. ${hint}`;
