import { hasInexactInteger, isNestedWithin, limits, OcmeshError } from '@ocmesh/shared/contract';
import { controlTypes, envelopeFields } from '@ocmesh/shared/wire';

// Tab and line ends are text; every other control character (C0, DEL, C1) only serves to deceive a terminal.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Checks what the schema cannot express. @throws OcmeshError `invalid_request` */
export function checkMessage(
  content: string,
  type: string,
  data: Readonly<Record<string, unknown>> | null,
): void {
  checkContent(content);
  checkType(type);
  checkData(data);
}

function checkContent(content: string): void {
  const problem = CONTROL.test(content)
    ? 'a control character'
    : LONE_SURROGATE.test(content)
      ? 'half a surrogate pair'
      : null;
  if (!problem) return;
  throw new OcmeshError('invalid_request', {
    message: `The content contains ${problem}.`,
    problem: 'control_character',
    details: { field: 'content' },
  });
}

function checkType(type: string): void {
  if (!controlTypes.includes(type)) return;
  throw new OcmeshError('invalid_request', {
    message: 'Only the daemon sends messages of this type.',
    problem: 'reserved_type',
    details: { field: 'type' },
  });
}

function checkData(data: Readonly<Record<string, unknown>> | null): void {
  if (!isNestedWithin(data, limits.message.dataLevels)) {
    throw new OcmeshError('invalid_request', {
      message: `The data is nested deeper than ${limits.message.dataLevels} levels.`,
      details: { field: 'data' },
    });
  }
  if (hasInexactInteger(data)) {
    throw new OcmeshError('invalid_request', {
      message:
        'The data holds a number that JSON does not carry exactly: an integer beyond 2^53, or an infinite one. Send it as text.',
      details: { field: 'data' },
    });
  }
  const taken = Object.keys(data ?? {}).find((field) => envelopeFields.includes(field));
  if (taken === undefined) return;
  throw new OcmeshError('invalid_request', {
    message: `The field ${taken} is reserved for the envelope.`,
    problem: 'reserved_field',
    details: { field: `data.${taken}` },
  });
}
