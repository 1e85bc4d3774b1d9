// Loaded before a program: writes where it connects to, and the names that it looks up, to the file SOCKET_RECORD.

import dns from 'node:dns';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

const record = (line) => appendFileSync(process.env['SOCKET_RECORD'], `${line}\n`);

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  // Node passes its options in a list of its own.
  const [options] = [args[0]].flat();
  record(`connect ${options.host ?? 'localhost'}:${options.port ?? options.path}`);
  return Reflect.apply(connect, this, args);
};
for (const module of [dns, dns.promises]) {
  const { lookup } = module;
  module.lookup = (name, ...rest) => {
    if (net.isIP(name) === 0) record(`lookup ${name}`);
    return Reflect.apply(lookup, module, [name, ...rest]);
  };
}
syncBuiltinESMExports();
