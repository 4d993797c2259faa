/** One entry of a test layer. The name is taken as it is: `../x`, `/x` and names with `.wh.` are for the tests to try. */
export interface TarEntry {
  name: string;
  /** `file` where there is content, else `dir`, unless told. */
  type?: 'file' | 'dir' | 'symlink' | 'link' | 'char' | 'block' | 'fifo';
  content?: string | Buffer;
  /** Target of a symlink or a hard link. */
  target?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  /** Numbers of a device node. */
  device?: [major: number, minor: number];
  /** Seconds since 1970. */
  mtime?: number;
  /** Extended attributes and other pax records: `{ 'SCHILY.xattr.user.a': '1' }`. */
  pax?: Record<string, string | Buffer>;
}

const flags = { file: '0', link: '1', symlink: '2', char: '3', block: '4', dir: '5', fifo: '6' };

function header(name: string, flag: string, size: number, entry: TarEntry): Buffer {
  const block = Buffer.alloc(512);
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  if (Buffer.byteLength(name) > 100 || Buffer.byteLength(entry.target ?? '') > 100)
    throw new Error(`a name of more than 100 bytes needs a pax record: ${name}`);
  block.write(name, 0);
  octal(entry.mode ?? (flag === flags.dir ? 0o755 : 0o644), 100, 8);
  octal(entry.uid ?? 0, 108, 8);
  octal(entry.gid ?? 0, 116, 8);
  octal(size, 124, 12);
  octal(entry.mtime ?? 0, 136, 12);
  block.write('        ', 148);
  block.write(flag, 156);
  block.write(entry.target ?? '', 157);
  block.write('ustar\x0000', 257, 'latin1');
  octal(entry.device?.[0] ?? 0, 329, 8);
  octal(entry.device?.[1] ?? 0, 337, 8);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return block;
}

function padded(content: Buffer): Buffer[] {
  return [content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}

/** A pax record is `LENGTH KEY=VALUE\n`, and LENGTH counts itself. See pax(1), "pax Header". */
function record(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** A tar archive (ustar with pax records), written without the code under test. */
export function tarOf(entries: TarEntry[]): Buffer {
  const out: Buffer[] = [];
  for (const entry of entries) {
    const type = entry.type ?? (entry.content === undefined ? 'dir' : 'file');
    if (entry.pax !== undefined) {
      const records = Buffer.concat(Object.entries(entry.pax).map(([key, value]) => record(key, value)));
      out.push(header('pax', 'x', records.length, { name: 'pax', mode: 0o644 }), ...padded(records));
    }
    const content = Buffer.from(entry.content ?? '');
    out.push(header(entry.name, flags[type], content.length, entry), ...padded(content));
  }
  return Buffer.concat([...out, Buffer.alloc(1024)]);
}
