/** What this launcher has done since its start, for all katrans that it has started. */
export class Tally {
  macPushes = 0;
  macRefusals = 0;
  guardRepairs = 0;
  katranStarts = 0;
  handovers = 0;
}
