import type { Random } from '@ocmesh/shared/ambient';
import { createChecker, type Handlers, OcmeshError } from '@ocmesh/shared/contract';
import { errorText, toToolError } from './errors.ts';
import { resultText, unreadLine } from './result.ts';
import { tools } from './tools/index.ts';
import type { Tool } from './tools/tool.ts';

export { startStep } from './start-command.ts';

export interface ToolboxDeps {
  /** The daemon, or a double of it. */
  readonly handlers: Handlers;
  /** What to do about a daemon that is not running; only the program knows this machine. */
  readonly startStep?: () => string;
  /** Source of the ids of fences. */
  readonly random: Pick<Random, 'bytes'>;
  /** Reports internal errors. */
  readonly onProblem: (error: unknown) => void;
}

/** The result of a call: what the model sees. */
export interface ToolText {
  readonly text: string;
  readonly isError: boolean;
}

/** The tools of ocmesh, for any kind of host. */
export interface Toolbox {
  /** Whether there is such a tool. @param mayTrust whether the owner allows a model to add contacts */
  has(name: string, mayTrust: boolean): boolean;
  /** Calls a tool that there is. Never rejects. */
  call(name: string, args: Record<string, unknown>, cancelled: AbortSignal): Promise<ToolText>;
}

const defaultDeadlineMs = 15_000;
/** Milliseconds for the number of unread messages, which no result waits for longer. */
const unreadMs = 1000;

export function createToolbox(deps: ToolboxDeps): Toolbox {
  const { handlers, random, onProblem } = deps;
  const checkers = new Map(Object.values(tools).map((tool) => [tool, createChecker(tool.input)]));
  const find = (name: string): Tool | undefined => (Object.hasOwn(tools, name) ? tools[name] : undefined);

  /** Returns the number of unread messages; null if the daemon does not say it at once. */
  const countUnread = (): Promise<number | null> =>
    handlers.getStatus({}, { signal: AbortSignal.timeout(unreadMs) }).then(
      ({ unread_count }) => unread_count,
      () => null,
    );

  return {
    has(name, mayTrust) {
      const tool = find(name);
      return tool !== undefined && (mayTrust || !tool.needsMayTrust);
    },

    async call(name, args, cancelled) {
      const tool = find(name);
      // Not AbortSignal.any with .timeout: on Node 20 the pair can be collected before it fires.
      const over = new AbortController();
      const end = () => over.abort();
      const timer = setTimeout(end, tool?.deadlineMs ?? defaultDeadlineMs);
      cancelled.addEventListener('abort', end);
      try {
        if (!tool) throw new OcmeshError('not_found');
        const checked = checkers.get(tool)?.(withNewNames(tool, args));
        if (!checked?.ok) return badArguments(`${checked?.problem}`);
        const result = await tool.run(checked.value, { handlers, signal: over.signal });
        return { isError: false, text: resultText(result, result.unread ?? (await countUnread()), random) };
      } catch (failure) {
        if (!(failure instanceof OcmeshError)) onProblem(failure);
        const error = toToolError(failure, deps.startStep);
        const unread = error.error === 'daemon_down' ? null : await countUnread();
        return { isError: true, text: [errorText(error), ...unreadLine(unread)].join('\n') };
      } finally {
        clearTimeout(timer);
        cancelled.removeEventListener('abort', end);
      }
    },
  };
}

/** Lists the tools as MCP and other hosts show them. Never changes: clients cache it. */
export const listTools = (mayTrust: boolean): ListedTool[] =>
  Object.values(tools)
    .filter((tool) => mayTrust || !tool.needsMayTrust)
    .map(listedTool);

export type ListedTool = ReturnType<typeof listedTool>;

function listedTool({ name, description, input, unlisted = [], annotations }: Tool) {
  const { title, ...hints } = annotations;
  const properties = Object.fromEntries(
    Object.entries(input.properties).filter(([field]) => !unlisted.includes(field)),
  );
  return { name, title, description, inputSchema: { ...input, properties }, annotations: hints };
}

/** Refuses arguments without asking the daemon anything. */
function badArguments(problem: string): ToolText {
  const error = new OcmeshError('invalid_request', { message: `Bad arguments: ${problem}.` });
  return { isError: true, text: errorText(toToolError(error)) };
}

/** Arguments under their present names. A model may have learned the earlier ones. */
const withNewNames = ({ renamed = {} }: Tool, args: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(args).map(([field, value]) => {
      const present = renamed[field];
      return [present === undefined || Object.hasOwn(args, present) ? field : present, value];
    }),
  );
