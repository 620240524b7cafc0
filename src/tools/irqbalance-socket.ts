import net from 'node:net';

/** irqbalance answers between two looks at the interrupts, which take it milliseconds. */
const ANSWER_MS = 500;

/**
 * The interrupts that a running irqbalance leaves alone, from the `setup` of its socket (irqbalance(1), API). It answers root only: empty
 * where it does not answer, and never rejects.
 */
export function bannedBySocket(file: string): Promise<Set<number>> {
  return new Promise((resolve) => {
    let text = '';
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(new Set([...text.matchAll(/\bIRQ (\d+)/g)].map(([, irq]) => Number(irq))));
    };
    const timer = setTimeout(() => done(), ANSWER_MS);
    const socket = net.connect(file, () => socket.write('setup'));
    socket.setEncoding('utf8');
    socket.on('data', (more: string) => (text += more));
    socket.on('error', done);
    socket.on('close', done);
  });
}
