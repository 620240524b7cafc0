import { KernelFileError, type Root } from '../../src/linux/root.ts';

/** What the kernel does with a write: an errno name refuses it, `ignore` accepts and forgets it, undefined performs it. */
export type KernelAnswer = string | undefined;

/** A root whose smp_affinity writes are answered by a kernel of the test's own; everything else is the root's. */
export function answering(root: Root, answer: (irq: number, mask: string) => KernelAnswer): Root {
  return {
    ...root,
    write: (file, text) => {
      const irq = /^\/proc\/irq\/(\d+)\/smp_affinity$/.exec(file)?.[1];
      const code = irq === undefined ? undefined : answer(Number(irq), text.trim());
      if (code === 'ignore') return;
      if (code !== undefined)
        throw new KernelFileError(`cannot write ${root.hostPath(file)}: ${code}`, root.hostPath(file), code);
      root.write(file, text);
    },
  };
}
