/** How an endpoint is named on the hot path: a number that carries its slot and the slot's generation. */

/** `slot | generation << 16`. A reference to an endpoint that is gone is recognised and never misread as its slot's next owner. */
export type EndpointRef = number

/** Slots are 14 bits at most, so that a slot fits a Uint16Array with room. */
export const MAX_SLOTS = 16_384

const GENERATION_MASK = 0x7fff

export function toEndpointRef(slot: number, generation: number): EndpointRef {
  return slot | ((generation & GENERATION_MASK) << 16)
}

export function slotOf(ref: EndpointRef): number {
  return ref & 0xffff
}

export function generationOf(ref: EndpointRef): number {
  return ref >>> 16
}
