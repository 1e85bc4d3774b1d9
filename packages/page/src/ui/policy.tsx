import type { Policy } from '@ocmesh/shared/contract';
import { usePage } from './page-context.ts';

type Choice<F extends keyof Policy> = readonly [value: Policy[F], title: string, text: string];

const strangers: readonly Choice<'strangers'>[] = [
  ['open', 'Open', 'Messages from strangers are delivered, marked as from a stranger.'],
  ['ask', 'Ask me', 'Messages from strangers wait in Requests until you accept them.'],
  ['closed', 'Closed', 'Messages from strangers are dropped, except replies to your agent.'],
];
const firstContact: readonly Choice<'first_contact'>[] = [
  ['allow', 'Allow', 'Your agent may write to strangers.'],
  ['ask', 'Ask me', 'Its first message to a stranger waits in Requests.'],
];
const mcpMayTrust: readonly Choice<'mcp_may_trust'>[] = [
  [false, 'Only you', 'Your agent cannot add contacts or answer requests.'],
  [true, 'Your agent too', 'It gets the tools that add contacts and answer requests.'],
];

/** Who may reach the agent, and who it may write to. */
export function PolicyView() {
  const policy = usePage().data.policy.value;
  if (!policy) return null;
  return (
    <form class="policy">
      <Choices
        field="strangers"
        title="Who may write to your agent?"
        choices={strangers}
        value={policy.strangers}
      />
      <Choices
        field="first_contact"
        title="May your agent write to strangers?"
        choices={firstContact}
        value={policy.first_contact}
      />
      <Choices
        field="mcp_may_trust"
        title="Who decides about trust?"
        choices={mcpMayTrust}
        value={policy.mcp_may_trust}
      />
      <p class="quiet">
        Changes take effect immediately, and stay. Contacts may always write, blocked peers never.
      </p>
    </form>
  );
}

function Choices<F extends keyof Policy>({
  field,
  title,
  choices,
  value,
}: {
  field: F;
  title: string;
  choices: readonly Choice<F>[];
  value: Policy[F];
}) {
  const { actions } = usePage();
  return (
    <fieldset class="card">
      <legend>{title}</legend>
      {choices.map(([each, name, text]) => (
        <label key={String(each)} class="choice">
          <input
            type="radio"
            name={field}
            value={String(each)}
            checked={each === value}
            onChange={() => void actions.setPolicy({ [field]: each })}
          />
          <span>
            <strong>{name}</strong>
            <br />
            <span class="quiet">{text}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
