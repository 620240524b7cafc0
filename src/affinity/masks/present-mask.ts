import { KernelFileError, type Root } from '../../linux/root.ts';
import { readAffinity } from '../../linux/smp-affinity.ts';

/** smp_affinity of a vector as readAffinity gives it; the KernelFileError it throws names the vector and says what to do. */
export function readPresentMask(
  root: Root,
  { irq, name }: { readonly irq: number; readonly name: string },
): string {
  try {
    return readAffinity(root, irq);
  } catch (error) {
    if (!(error instanceof KernelFileError)) throw error;
    const gone =
      error.code === 'ENOENT'
        ? '; the interrupt has gone: its driver freed it (interface down, reset, or fewer queues?), so look at the interface and try again'
        : '';
    throw new KernelFileError(`irq ${irq} (${name}): ${error.message}${gone}`, error.path, error.code, error);
  }
}
