/** The few parts of Bun's bundler that the build uses. */
declare namespace Bun {
  interface BundlerPlugin {
    readonly name: string;
    setup(bundler: {
      onLoad(
        which: { readonly filter: RegExp },
        load: (file: { readonly path: string }) => { readonly contents: string; readonly loader: 'js' },
      ): unknown;
    }): unknown;
  }
  interface BuildConfig {
    readonly entrypoints: readonly string[];
    readonly minify: boolean;
    readonly metafile: boolean;
    readonly plugins: readonly BundlerPlugin[];
    readonly define: Readonly<Record<string, string>>;
    readonly splitting: boolean;
    readonly format: 'esm' | 'cjs';
    readonly target: 'bun' | 'node';
    readonly bytecode: boolean;
    readonly outdir: string;
    readonly naming: string;
    readonly compile: {
      readonly outfile: string;
      readonly target?: string;
      readonly executablePath?: string;
      readonly jitPolicy: number;
      readonly autoloadDotenv: boolean;
      readonly autoloadBunfig: boolean;
      readonly autoloadTsconfig: boolean;
      readonly autoloadPackageJson: boolean;
    };
  }
  interface BuildMetafile {
    readonly outputs: Readonly<
      Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
    >;
  }
  /** Throws, with what was wrong in its words, when nothing can be built. */
  function build(config: Partial<BuildConfig>): Promise<{ readonly metafile: BuildMetafile }>;
}
