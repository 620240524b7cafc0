import { ToolFailure } from '../../src/tools/failures.ts';
import type { AskOptions, Tools } from '../../src/tools/toolbox.ts';

/** A host without any tool. */
export const NO_TOOLS: Tools = { ask: (command) => Promise.reject(ToolFailure.missing(command)) };

export interface Question {
  readonly command: string;
  readonly args: readonly string[];
  readonly options: AskOptions | undefined;
}

/** Tools that keep what they were asked, and answer as the test says. */
export function toolsThat(answer: (question: Question) => Promise<string> | string): Tools & {
  readonly questions: Question[];
} {
  const questions: Question[] = [];
  return {
    questions,
    ask: async (command, args, options) => {
      const question = { command, args, options };
      questions.push(question);
      return await answer(question);
    },
  };
}
