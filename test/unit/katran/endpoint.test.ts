import { describe, expect, it } from 'vitest';
import { katranEndpoint } from '../../../src/katran/endpoint.ts';

describe('katran’s endpoint', () => {
  it.each([
    [undefined, '127.0.0.1:50051', '127.0.0.1', 50051],
    ['127.0.0.1:1234', '127.0.0.1:1234', '127.0.0.1', 1234],
    ['0.0.0.0:1234', '0.0.0.0:1234', '127.0.0.1', 1234],
    ['[::]:1234', '[::]:1234', '::1', 1234],
    ['[::1]:1234', '[::1]:1234', '::1', 1234],
    ['localhost:1234', 'localhost:1234', 'localhost', 1234],
    ['[0:0:0:0:0:0:0:0]:1234', '[0:0:0:0:0:0:0:0]:1234', '::1', 1234],
    ['[::ffff:0.0.0.0]:1234', '[::ffff:0.0.0.0]:1234', '127.0.0.1', 1234],
  ])('of -server %s is %s, dialled at %s port %d', (server, address, host, port) => {
    expect(katranEndpoint({ server })).toMatchObject({ address, host, port });
  });

  it.each([
    [undefined, '192.0.2.1', true],
    [undefined, '::', true],
    ['0.0.0.0:1', '127.0.0.1', true],
    ['127.0.0.1:1', '127.0.0.1', true],
    ['127.0.0.1:1', '0.0.0.0', true],
    ['127.0.0.1:1', '::', true],
    ['127.0.0.1:1', '192.0.2.1', false],
    ['[::1]:1', '::1', true],
    ['[::1]:1', '127.0.0.1', false],
    ['localhost:1', '::1', true],
    ['127.0.0.1:1', '::ffff:7f00:1', true],
    ['127.0.0.1:1', '::ffff:127.0.0.1', true],
    ['127.0.0.1:1', '::ffff:0:0', true],
    ['127.0.0.1:1', '::ffff:7f00:2', false],
    ['[::ffff:127.0.0.1]:1', '127.0.0.1', true],
    ['[::ffff:0.0.0.0]:1', '192.0.2.1', true],
    ['[0:0:0:0:0:0:0:1]:1', '::1', true],
    ['[2001:DB8:0:0::7]:1', '2001:db8::7', true],
    ['[2001:db8::7]:1', '2001:db8::8', false],
  ])('-server %s and a listener on %s: conflict %s', (server, listening, conflict) => {
    expect(katranEndpoint({ server }).conflictsWith(listening)).toBe(conflict);
  });
});
