/** Masks of /proc/irq/N/smp_affinity as read, by N: every interrupt of the machine. */
export type Masks = Readonly<Record<string, string>>;

/** What a program did in the guest, and what the kernel said before and after it. Read by the test, not by the program. */
export interface Observation {
  /** Unique in a guest: `eth0 sequential`. */
  readonly name: string;
  /** null: ended by `signal`. */
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly before: Masks;
  readonly after: Masks;
  /** Interrupt numbers by the last column of /proc/interrupts (`virtio2-input.0`), as it was before the program ran. */
  readonly irqs: Readonly<Record<string, string>>;
  /** The masks at other moments of the story, by its name. */
  readonly moments: Readonly<Record<string, Masks>>;
  /** Anything else worth a test, by name. */
  readonly notes: Readonly<Record<string, string>>;
}
