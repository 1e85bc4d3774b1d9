import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** Returns axe's serious and critical findings about what a page shows now. */
export async function findBarriers(page: Page): Promise<string[]> {
  // Through the debugger: the content security policy of the page allows no script of others.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
      );
  });
}
