/** The files that the program carries inside. */
let read: ((name: string) => Uint8Array) | undefined;

/** Tells, once at the start of the program, how to read them. */
export function provideAssets(reader: (name: string) => Uint8Array): void {
  read = reader;
}

export function readAsset(name: string): Uint8Array {
  if (!read) throw new TypeError(`no assets to read ${name} from`);
  return read(name);
}
