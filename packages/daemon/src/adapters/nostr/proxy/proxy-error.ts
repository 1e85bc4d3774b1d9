/**
 * A connection failed at the proxy. `down`: the proxy cannot be used at all: it is not reached, speaks another protocol, or
 * does not let us in. `refused`: it works, and did not connect us to this relay, for which the relay may be the reason.
 */
export class ProxyError extends Error {
  readonly fault: 'down' | 'refused';

  constructor(fault: 'down' | 'refused', message: string) {
    super(message);
    this.name = 'ProxyError';
    this.fault = fault;
  }
}
