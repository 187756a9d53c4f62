/** `Buffer.indexOf` for any Uint8Array: vectorised, 20 times faster over long ranges than `Uint8Array.indexOf`. */

export function indexOfByte(chunk: Uint8Array, byte: number, from: number): number {
  return Buffer.prototype.indexOf.call(chunk, byte, from)
}
