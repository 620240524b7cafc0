/** Where katran's stdout and stderr go: the launcher's own, or descriptors of this process. */
export interface KatranOutput {
  readonly stdout: 'inherit' | number;
  readonly stderr: 'inherit' | number;
  /** To be called when katran has been started with them: the launcher lets go of its copies. */
  handedOver(): void;
  /**
   * Ends when all that katran wrote has been passed on, or when nobody took it for too long. Katran has ended by then. May be
   * called again.
   */
  close(): Promise<void>;
}

/** Text: katran writes straight to the launcher's own stdout and stderr, with nothing of ours in between. */
export const INHERITED_OUTPUT: KatranOutput = {
  stdout: 'inherit',
  stderr: 'inherit',
  handedOver: () => undefined,
  close: () => Promise.resolve(),
};
