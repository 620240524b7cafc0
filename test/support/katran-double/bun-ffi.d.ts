/** What the double uses of Bun's foreign functions; Bun's own types would bring its globals into the whole project. */
declare module 'bun:ffi' {
  type ForeignType = 'i32' | 'u64' | 'ptr';
  interface Signature {
    args: readonly ForeignType[];
    returns: ForeignType;
  }
  export function dlopen<Name extends string>(
    library: string,
    signatures: Readonly<Record<Name, Signature>>,
  ): {
    symbols: Readonly<Record<Name, (...args: (number | bigint | null | ArrayBufferView)[]) => number | null>>;
  };
}
