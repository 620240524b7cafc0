import { describe, expect, it } from 'vitest';
import { Failure, UsageError } from '../../../src/failure.ts';
import { effectiveKatranOptions } from '../../../src/katran/arguments.ts';

const OURS = { server: '127.0.0.1:1', shutdown_delay: 1000, handover: false };
const effective = (...katranArguments: string[]): typeof OURS => {
  const { server, shutdown_delay, handover } = effectiveKatranOptions({ ...OURS, katranArguments });
  return { server, shutdown_delay, handover };
};

describe('katran’s last word, given after --', () => {
  it.each([
    [[]],
    [['-v=2', '-logtostderr', '-minloglevel', '1']],
    [['-server_x=127.0.0.1:2', '-xserver=127.0.0.1:2', '-no_server']],
    [['server=127.0.0.1:2', '127.0.0.1:2']],
    [['--', '-server=127.0.0.1:2', '-shutdown_delay=5']],
    [['-shutdown_delay=soon']],
    [['-server']],
  ])('%j leaves what the launcher says', (given) => {
    expect(effective(...given)).toEqual(OURS);
  });

  it.each([
    [['-server=127.0.0.1:2'], '127.0.0.1:2'],
    [['--server=[::1]:2'], '[::1]:2'],
    [['-server', '127.0.0.1:2'], '127.0.0.1:2'],
    [['--server', 'localhost:2', '-v=1'], 'localhost:2'],
    [['-server=127.0.0.1:2', '-server', '127.0.0.1:3'], '127.0.0.1:3'],
    [['-v=1', '-server=127.0.0.1:2', '--', '-server=127.0.0.1:3'], '127.0.0.1:2'],
  ])('%j means the server %s', (given, server) => {
    expect(effective(...given)).toEqual({ ...OURS, server });
  });

  it.each([
    [['-shutdown_delay=60000'], 60_000],
    [['--shutdown_delay', '60000'], 60_000],
    [['-shutdown-delay=60000'], 60_000],
    [['-shutdown_delay=0x10'], 16],
    [['-shutdown_delay=5', '-shutdown_delay=0'], 0],
  ])('%j means a shutdown delay of %d ms', (given, shutdown_delay) => {
    expect(effective(...given)).toEqual({ ...OURS, shutdown_delay });
  });

  it.each([
    ['prog_pos', '-prog_pos=0'],
    ['prog_pos', '--prog-pos', '0'],
    ['map_path', '-map_path=/sys/fs/bpf/other'],
  ])(
    'with -handover %s is the launcher’s: a slot that it does not know would keep a program',
    (name, ...given) => {
      const start = (handover: boolean): unknown =>
        effectiveKatranOptions({ ...OURS, handover, katranArguments: given });
      expect(() => start(true)).toThrow(UsageError);
      expect(() => start(true)).toThrow(new RegExp(`-${name}.*after --.*-handover`));
      expect(() => start(false)).not.toThrow();
    },
  );

  it.each(['unix:/run/katran.sock', '50051', ''])('a server that cannot be dialled is said: %j', (server) => {
    expect(() => effective(`-server=${server}`)).toThrow(Failure);
    expect(() => effective(`-server=${server}`)).toThrow(`'${server}'`);
  });
});
