/** What may be in a body that is to be read: plain JSON, not compressed. */
import { InferenceError } from '#/errors.ts'
import type { HeaderLookup } from '#/sdk/inference-request.ts'

/**
 * Throws InferenceError unsupported_media_type. Parameters of the media type (a charset) are ignored: JSON is UTF-8. Without a content-type
 * the body decides: it is taken for JSON, and refused as malformed if it is not.
 */
export function checkMediaType(headers: HeaderLookup): void {
  const type = headers.get('content-type')
  if (type !== undefined && type !== 'application/json' && mediaTypeOf(type) !== 'application/json') {
    throw new InferenceError('unsupported_media_type', 'The content-type must be application/json.')
  }
  const encoding = headers.get('content-encoding')?.trim().toLowerCase()
  if (encoding !== undefined && encoding !== '' && encoding !== 'identity') {
    throw new InferenceError('unsupported_media_type', 'The body must not be compressed: send it without a content-encoding.')
  }
}

function mediaTypeOf(contentType: string): string {
  const end = contentType.indexOf(';')
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase()
}
