import { useState } from 'preact/hooks';

/** Copies a text to the clipboard, and says so. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [said, say] = useState('Copy');
  async function copy(): Promise<void> {
    await globalThis.navigator.clipboard.writeText(text).then(
      () => say('Copied'),
      () => say('Select it to copy'),
    );
  }
  return (
    <button type="button" aria-label={`${said} ${what}`} onClick={() => void copy()}>
      <span aria-live="polite">{said}</span>
    </button>
  );
}
