/** A pause that can be ended early; at most one at a time. Leaves no timer and no listener behind. */
export class Nap {
  #end: (() => void) | undefined;

  /** Ends after ms milliseconds, or when woken. */
  take(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.wake(), ms);
      this.#end = () => {
        clearTimeout(timer);
        this.#end = undefined;
        resolve();
      };
    });
  }

  /** Ends the pause, if there is one. */
  wake(): void {
    this.#end?.();
  }
}
