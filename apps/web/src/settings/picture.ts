import { t } from '../i18n/translate.ts'
/**
 * Makes the picture of a person small enough to travel with their name.
 */

/** Pixels of each side: what the largest place for it shows on a fine screen. */
const SIDE = 128
/** Characters of the URL, as the engine takes it. */
const MAX_URL_LENGTH = 16_384
/** Tried one after the other until the picture is small enough. */
const QUALITIES = [0.85, 0.6, 0.35] as const

/** The middle of a picture, square and small, as a `data:` URL. @throws {Error} in words when it is none that the browser can read. */
export async function smallPicture(file: Blob): Promise<string> {
  const bitmap = await createImageBitmap(file).catch((cause: unknown) => {
    throw new Error(t('This browser cannot read that picture. Take a JPEG or PNG.'), { cause })
  })
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = SIDE
  const side = Math.min(bitmap.width, bitmap.height)
  canvas.getContext('2d')?.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, SIDE, SIDE)
  bitmap.close()
  for (const quality of QUALITIES) {
    const url = canvas.toDataURL('image/webp', quality)
    if (url.length <= MAX_URL_LENGTH) return url
  }
  throw new Error(t('That picture has too much in it to be made small. Take a simpler one.'))
}
