import { type ErrorCode, errorStep, OcmeshError } from '@ocmesh/shared/contract';
import { cleanLine, makeInert } from '@ocmesh/shared/text';

/** Characters of an error's message: ours never need more. */
const MESSAGE_CHARS = 400;

export interface ToolError {
  readonly error: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/**
 * A failure as a model sees it: code, message and next step. Leaves out `details`, which may hold text by peers, and the
 * hint that the daemon sent, which names REST calls.
 * @param startStep what to do about a daemon that is not running, on this machine
 */
export function toToolError(failure: unknown, startStep?: () => string): ToolError {
  if (!(failure instanceof OcmeshError)) {
    return {
      error: 'internal',
      message: 'Internal error of the MCP server of ocmesh.',
      hint: 'Call again. If it happens again, tell your user: its output on stderr has the reason.',
    };
  }
  return {
    error: failure.code,
    // It may repeat the name of an argument, which the model may have from a peer.
    message: makeInert(cleanLine(failure.message, MESSAGE_CHARS)),
    hint:
      failure.code === 'daemon_down' && failure.problem === undefined && startStep
        ? startStep()
        : errorStep(failure, 'tool'),
  };
}

/** `code: message. hint` */
export const errorText = ({ error, message, hint }: ToolError): string =>
  `${error}: ${message.replace(/[.\s]*$/, '')}. ${hint}`;
