/** The longest a timer of the runtime can take, in ms: setTimeout fires at once when it is given more. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
