import fs from 'node:fs';
import os from 'node:os';

const EM_NONE = 0;
const EM_BPF = 247;
const MAGIC = 0x7f45_4c46;

export interface ElfHeader {
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  readonly machine: number;
}

/** The start of an ELF file, null for any other file. Throws what node:fs throws. */
export function readElfHeader(file: string): ElfHeader | null {
  const bytes = Buffer.alloc(20);
  const descriptor = fs.openSync(file, 'r');
  try {
    if (fs.readSync(descriptor, bytes, 0, bytes.length, 0) < bytes.length) return null;
  } finally {
    fs.closeSync(descriptor);
  }
  if (bytes.readUInt32BE(0) !== MAGIC) return null;
  const littleEndian = bytes[5] === 1;
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
