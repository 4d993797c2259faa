/** ASCII armor of OpenPGP (RFC 9580, 6.2) to bytes: what is not in armor is given as it is. */

const BLOCK = /-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n([\s\S]*?)-----END PGP PUBLIC KEY BLOCK-----/g;

export function dearmor(key: Uint8Array): Uint8Array {
  // Packets begin with bit 7 set, keybox files with a zero: armor is text.
  const text = Buffer.from(key).toString('latin1');
  if (!text.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----')) return key;
  const blocks: Buffer[] = [];
  for (const [, body = ''] of text.matchAll(BLOCK)) {
    const lines = body.split(/\r?\n/);
    // Headers end at the first empty line; the line that begins with = is a checksum.
    const blank = lines.findIndex((line) => line.trim() === '');
    const data = lines.slice(blank + 1).filter((line) => !line.startsWith('='));
    blocks.push(Buffer.from(data.join(''), 'base64'));
  }
  return Buffer.concat(blocks);
}
