import { bashCompletion } from './completion/bash.ts';
import { fishCompletion } from './completion/fish.ts';
import { zshCompletion } from './completion/zsh.ts';
import type { Shell } from './commands.ts';

const SCRIPTS: Record<Shell, () => string> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** What `start-katran completion SHELL` prints: a script that holds everything, and never runs the program. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell]();
}
