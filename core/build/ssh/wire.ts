/** Values as SSH writes them: RFC 4251, section 5. */

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function string(value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** A number that isn't negative, from its bytes, the highest first. */
export function mpint(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Buffer.alloc(0) : bytes.subarray(first);
  return string(digits[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits);
}

export interface WireReader {
  uint32(): number;
  string(): Buffer;
}

/** Reads values one after the other. Throws RangeError behind the end. */
export function readWire(bytes: Buffer): WireReader {
  let at = 0;
  const uint32 = (): number => {
    at += 4;
    return bytes.readUInt32BE(at - 4);
  };
  const string = (): Buffer => {
    const length = uint32();
    if (length > bytes.length - at) throw new RangeError('a string goes on behind the end');
    at += length;
    return bytes.subarray(at - length, at);
  };
  return { uint32, string };
}
