import { Failure } from '../failure.ts';

/** A process that could not be started; `reason` is the errno name (`ENOENT`), or a sentence where there is none. */
export class NotStarted extends Failure {
  readonly reason: string;

  constructor(file: string, reason: string, cause: unknown) {
    super(`cannot start ${file}: ${reason}`, { cause });
    this.reason = reason;
  }
}

/** A tool that is missing, failed, or took too long. */
export class ToolFailure extends Failure {
  /** Which of these it was, without the tool's name. */
  readonly reason: string;
  readonly isMissing: boolean;

  private constructor(
    message: string,
    { reason, isMissing, cause }: { reason: string; isMissing: boolean; cause?: unknown },
  ) {
    super(message, { cause });
    this.reason = reason;
    this.isMissing = isMissing;
  }

  static missing(command: string): ToolFailure {
    return new ToolFailure(`there is no ${command} on this host`, { reason: 'is missing', isMissing: true });
  }

  static failed(command: string, reason: string, cause: unknown): ToolFailure {
    return new ToolFailure(`${command} ${reason}`, { reason, isMissing: false, cause });
  }
}
