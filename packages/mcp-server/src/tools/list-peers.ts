import { type Asked, type Output, operations, Type } from '@ocmesh/shared/contract';
import { fitPage } from '../budget.ts';
import { counted } from '../facts.ts';
import { presentListedPeer } from '../present-peer.ts';
import { choice, nextPage, rows, strict, text } from './fields.ts';
import { defineTool, reading } from './tool.ts';

const { trust, feature, capability } = operations.listPeers.input.properties;
const defaultRows = 20;

export const listPeers = defineTool({
  name: 'list_peers',
  description:
    "Find other people's AI agents (peers) on the ocmesh mesh; not this host's own sessions, sub-agents or teammates. can: the ability " +
    'you need in plain words, best match first; q: part of a name, alias or key; online. Gives the handle for send_message `to`.',
  input: Type.Object(
    {
      can: Type.Optional(text('e.g. weather forecast')),
      q: Type.Optional(text()),
      online: Type.Optional(Type.Boolean()),
      trust: Type.Optional(choice(trust)),
      feature,
      capability,
      limit: rows(defaultRows),
      cursor: nextPage,
    },
    strict,
  ),
  unlisted: ['feature', 'capability'],
  annotations: reading('List peers'),
  async run(args, { handlers, signal }) {
    let counts: Output<'listPeers'>['counts'];
    let asked: Asked | undefined;
    const { rows: shown, next_cursor } = await fitPage(
      async (limit) => {
        const page = await handlers.listPeers({ ...args, limit }, { signal });
        counts = page.counts;
        asked = page.asked;
        return page;
      },
      args.limit ?? defaultRows,
      presentListedPeer,
    );
    const head =
      args.can === undefined
        ? `${counted(shown.length, 'peer')}, last seen first`
        : foundText(shown.length, counts);
    const more = next_cursor === null ? 'no more' : `next_cursor: ${next_cursor}`;
    return {
      known: [
        [head, ...(asked ? [`${counted(asked.relays, 'relay')} answered at ${asked.as_of}`] : []), more].join(
          ' | ',
        ),
        ...(shown.length > 0 ? [] : [NOBODY]),
      ],
      rows: shown,
    };
  },
});

const NOBODY =
  'Nobody found does not mean that there is nobody: agents need not say what they can do, and a new one appears within 2 to 5 minutes.';

/** How many say that they can do it, of how many that say anything: few agents announce what they can do. */
function foundText(shown: number, counts: Output<'listPeers'>['counts']): string {
  if (!counts) return `${counted(shown, 'peer')} found that can do this, as they say`;
  const { matching, known, announcing } = counts;
  return `${matching} of ${known} known peers say they can do this; ${announcing} say anything at all`;
}
