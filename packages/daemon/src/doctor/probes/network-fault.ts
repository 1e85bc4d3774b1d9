/** Describes a failed system call on the way to a relay, including its error code. */
export function networkFault(syscall: string, code: string): string {
  if (syscall === 'getaddrinfo')
    return `${code === 'EAI_AGAIN' ? 'no response from the DNS server' : 'host name not found'} (${code})`;
  return syscall === 'connect' ? `cannot connect (${code})` : `connection lost (${code})`;
}

/** Explains error messages of Node.js like `getaddrinfo ENOTFOUND relay.example`; returns other texts unchanged. */
export const explainNetworkError = (text: string): string =>
  text.replace(/^(getaddrinfo|connect|read|write) (E[A-Z_]+)\b.*$/, (_, syscall: string, code: string) =>
    networkFault(syscall, code),
  );
