import net from 'node:net';

/** irqbalance answers between two looks at the interrupts, which take it milliseconds; on a loaded host it waits for a processor. */
const ANSWER_MS = 2_000;
/** It is waited for in parts: however long this process works meanwhile, that is one part, and an answer has its turn before the next. */
const PARTS = 10;

/**
 * The interrupts that a running irqbalance leaves alone, from the `setup` of its socket (irqbalance(1), API). It answers root only: empty
 * where it does not answer, and never rejects.
 */
export function bannedBySocket(file: string): Promise<Set<number>> {
  return new Promise((resolve) => {
    let text = '';
    const done = (): void => {
      clearInterval(timer);
      socket.destroy();
      resolve(new Set([...text.matchAll(/\bIRQ (\d+)/g)].map(([, irq]) => Number(irq))));
    };
    let parts = 0;
    const timer = setInterval(() => {
      parts += 1;
      if (parts === PARTS) done();
    }, ANSWER_MS / PARTS);
    const socket = net.connect(file, () => socket.write('setup'));
    socket.setEncoding('utf8');
    socket.on('data', (more: string) => (text += more));
    socket.on('error', done);
    socket.on('close', done);
  });
}
