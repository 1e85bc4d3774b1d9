import type { Cancel, Clock } from '@ocmesh/shared/ambient';

/** What the page's state needs of its surroundings, so that its tests need neither a browser nor time. */
export interface PagePorts {
  readonly clock: Clock;
  /** Whether somebody can see the page: a hidden one does not ask for what no event reports. */
  readonly isVisible: () => boolean;
  /** Calls `run` when the page becomes visible. */
  readonly onVisible: (run: () => void) => Cancel;
}
