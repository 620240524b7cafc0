/** The bundler embeds a .proto file as its text; under vitest a plugin does the same. */
declare module '*.proto' {
  const text: string;
  export default text;
}
