export declare function publishedManifest(
  environment?: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, unknown>>;
