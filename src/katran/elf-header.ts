import fs from 'node:fs';
import os from 'node:os';

const ELFDATA2MSB = 2;
const EM_NONE = 0;
const EM_BPF = 247;
const MAGIC = 0x7f45_4c46;

export interface ElfHeader {
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  readonly machine: number;
}

const HEADER_BYTES = 20;

/** The first bytes of a file, zeros where it is shorter. */
function readStart(file: string): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  const descriptor = fs.openSync(file, 'r');
  try {
    fs.readSync(descriptor, bytes, 0, bytes.length, 0);
  } finally {
    fs.closeSync(descriptor);
  }
  return bytes;
}

/** The start of an ELF file (elf(5)), null for any other file. Throws what node:fs throws. */
export function readElfHeader(file: string): ElfHeader | null {
  const bytes = readStart(file);
  if (bytes.readUInt32BE(0) !== MAGIC) return null;
  const littleEndian = bytes[5] !== ELFDATA2MSB;
  return {
    bits: bytes[4] === 2 ? 64 : 32,
    littleEndian,
    machine: littleEndian ? bytes.readUInt16LE(18) : bytes.readUInt16BE(18),
  };
}

/** What keeps a file from being a BPF object for this machine, undefined when nothing does. */
export function bpfObjectProblem(header: ElfHeader | null): string | undefined {
  if (header === null) return 'no ELF file';
  // Compilers before LLVM 4 left the machine empty, and loaders take that.
  if (header.machine !== EM_BPF && header.machine !== EM_NONE)
    return `ELF for machine ${header.machine}, not for BPF (${EM_BPF})`;
  if (header.bits !== 64) return 'a 32-bit ELF file, BPF objects have 64';
  const hostIsLittle = os.endianness() === 'LE';
  if (header.littleEndian !== hostIsLittle)
    return `${header.littleEndian ? 'little' : 'big'}-endian BPF (target ${header.littleEndian ? 'bpfel' : 'bpfeb'}), this host is ${hostIsLittle ? 'little' : 'big'}-endian`;
  return undefined;
}

/** e_machine of elf(5) by Node's name of the machine. */
const ELF_MACHINES: Readonly<Record<string, number>> = { x64: 62, arm64: 183 };

/** What keeps a file from being executed on this machine, undefined when nothing does. Throws what node:fs throws. */
export function programProblem(file: string): string | undefined {
  if (readStart(file).toString('latin1', 0, 2) === '#!') return undefined;
  const header = readElfHeader(file);
  if (header === null || header.machine === EM_NONE) return 'no program (neither ELF nor a script with #!)';
  const own = ELF_MACHINES[os.arch()];
  if (own === undefined || header.machine === own) return undefined;
  return `for another kind of machine (ELF machine ${header.machine}, this is ${os.arch()})`;
}
