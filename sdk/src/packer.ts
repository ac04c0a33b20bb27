/** Makes bytes that have to wait smaller, at once; a runtime that cannot do so in about 1 µs per event brings none. */
export interface Packer {
  /** @param headroom so many bytes are left free in front of what is packed. */
  pack(bytes: Uint8Array, headroom: number): Uint8Array;
  /**
   * @param lengthMax of what was packed.
   * @throws Error when `bytes` are not what `pack` made of at most `lengthMax` bytes.
   */
  unpack(bytes: Uint8Array, lengthMax: number): Uint8Array;
}
