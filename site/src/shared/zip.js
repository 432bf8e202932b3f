/** Zip archives whose files are stored as they are, read without copying: the form in which a build packs Python. */

const END = 0x06054b50, END_LENGTH = 22;
const ENTRY = 0x02014b50, ENTRY_LENGTH = 46;
const HEADER_LENGTH = 30;

/**
 * @param {Uint8Array} archive
 * @returns {Map<string, Uint8Array> | null} views into the archive by path, folders left out; null where a file in it is
 *   compressed or encrypted, or where it is no zip archive of this simple kind
 */
export function storedFiles(archive) {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  // A comment may follow the end record; those of a build have none.
  const end = archive.length - END_LENGTH;
  if (end < 0 || view.getUint32(end, true) !== END) return null;
  /** @type {Map<string, Uint8Array>} */
  const files = new Map();
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    const entry = at + ENTRY_LENGTH <= end && view.getUint32(at, true) === ENTRY ? readEntry(archive, view, at) : null;
    if (!entry) return null;
    if (!entry.path.endsWith("/")) files.set(entry.path, entry.content);
    at = entry.next;
  }
  return files;
}

/**
 * APPNOTE.TXT 6.3, section 4.3.12 (central directory) and 4.3.7 (local header).
 * @param {Uint8Array} archive
 * @param {DataView} view
 * @param {number} at
 */
function readEntry(archive, view, at) {
  const flags = view.getUint16(at + 8, true), method = view.getUint16(at + 10, true);
  const size = view.getUint32(at + 24, true), header = view.getUint32(at + 42, true);
  const pathLength = view.getUint16(at + 28, true);
  if (method !== 0 || flags & 1 || header + HEADER_LENGTH > archive.length) return null;
  const start = header + HEADER_LENGTH + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
  if (start + size > archive.length) return null;
  return {
    path: new TextDecoder().decode(archive.subarray(at + ENTRY_LENGTH, at + ENTRY_LENGTH + pathLength)),
    content: archive.subarray(start, start + size),
    next: at + ENTRY_LENGTH + pathLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true),
  };
}
