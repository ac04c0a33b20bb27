/** From Node 21 on; before, the garbage collector frees it when it likes. */
interface Transferable {
  transfer?(length: number): ArrayBuffer;
}

/**
 * Gives a buffer back to the allocator now. The collector comes late for memory outside its heap: a burst would leave tens of
 * megabytes of it lying about. No small `Buffer` may stand in it, since these share one, and no write of it may be under way.
 */
export function discard(buffer: ArrayBufferLike): void {
  (buffer as Transferable).transfer?.(0);
}
