/** What a browser can tell of a picture before it is sent: how large it is, and a small one of it. */
import { MAX_THUMBNAIL_BYTES, type Picture } from '@parley/core'

/** Pixels of the longer side of a thumbnail: what a list or a bubble shows on a dense display. */
const THUMBNAIL_PIXELS = 320
/** Tried one after the other until the thumbnail is small enough. */
const ATTEMPTS = [
  { pixels: THUMBNAIL_PIXELS, quality: 0.7 },
  { pixels: THUMBNAIL_PIXELS, quality: 0.4 },
  { pixels: THUMBNAIL_PIXELS / 2, quality: 0.5 },
] as const

/** Width, height and thumbnail of a picture as it is shown, upright; undefined when the browser cannot read it. */
export async function pictureOf(bytes: Uint8Array, type: string): Promise<Picture | undefined> {
  if (typeof createImageBitmap !== 'function' || typeof OffscreenCanvas !== 'function') return undefined
  const bitmap = await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>], { type }))
  try {
    const { width, height } = bitmap
    return { width, height, thumbnail: await thumbnailOf(bitmap) }
  } finally {
    bitmap.close()
  }
}

async function thumbnailOf(bitmap: ImageBitmap): Promise<Uint8Array | undefined> {
  for (const { pixels, quality } of ATTEMPTS) {
    const scale = Math.min(1, pixels / Math.max(bitmap.width, bitmap.height))
    const canvas = new OffscreenCanvas(Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)))
    const context = canvas.getContext('2d')
    if (context === null) return undefined
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
    // Where WebP cannot be written it becomes PNG, which may be too large.
    const blob = await canvas.convertToBlob({ type: 'image/webp', quality })
    if (blob.size <= MAX_THUMBNAIL_BYTES) return new Uint8Array(await blob.arrayBuffer())
  }
  return undefined
}
