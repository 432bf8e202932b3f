/** Numbers as the page writes them. */

/** @param {number} bytes @returns {string} Decimal units, as "812 kB" or "3.1 MB". */
export function formatBytes(bytes) {
  if (bytes < 1000) return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
  if (bytes < 999_500) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** @param {number} milliseconds @returns {string} As "0.4 ms", "14 ms" or "2.3 s". */
export function formatMilliseconds(milliseconds) {
  if (milliseconds < 0.95) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** @param {number} cosine @returns {string} Four digits, cut and not rounded: 0.99999 is not 1.0000. */
export function formatCosine(cosine) {
  // The small term keeps 0.9998, stored as 0.99979999..., what it is.
  return (Math.floor(cosine * 1e4 + 1e-6) / 1e4).toFixed(4);
}

/** @param {number} share 0 to 1. @returns {string} As "93%", "0.4%" or "<0.1%"; 100% only for exactly 1. */
export function formatPercent(share) {
  if (share > 0 && share < 0.001) return "<0.1%";
  if (share < 0.0995) return `${Number((share * 100).toFixed(1))}%`;
  return `${share < 1 ? Math.min(99, Math.round(share * 100)) : Math.round(share * 100)}%`;
}
