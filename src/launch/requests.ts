import type { Answer } from './control.ts';

/** A wish for a handover, and who waits to hear how it went. */
export interface HandoverRequest {
  answer(answer: Answer): void;
}

/** Handovers that were asked for: one at a time is made, and all who asked meanwhile hear of the same one. */
export class HandoverRequests {
  #waiting: HandoverRequest[] = [];
  #wake: (() => void) | undefined;

  /** Asks for a handover; fulfilled with how it went. */
  ask(): Promise<Answer> {
    return new Promise((answer) => {
      this.#waiting.push({ answer });
      this.#wake?.();
    });
  }

  /** Fulfilled as soon as somebody has asked; what is taken is everything that was asked until then. */
  async asked(): Promise<undefined> {
    if (this.#waiting.length > 0) return undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    return undefined;
  }

  /** Answers all who have asked so far. */
  take(): HandoverRequest {
    const asked = this.#waiting;
    this.#waiting = [];
    return {
      answer: (answer) => {
        for (const request of asked) request.answer(answer);
      },
    };
  }
}
