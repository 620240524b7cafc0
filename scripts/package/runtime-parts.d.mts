export declare const RUNTIME_PARTS: readonly {
  readonly name: string;
  readonly licence: string;
  readonly texts: readonly string[];
}[];
export declare const OF_OTHER_SYSTEMS: readonly string[];
