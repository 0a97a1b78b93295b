import { useMemo } from 'react'
import type { ReactNode } from 'react'
import { encode } from 'uqr'

/** Light modules around the code, without which cameras do not find it (ISO/IEC 18004 asks for four). */
const QUIET_MODULES = 4

/** A text as a QR code: dark on light in both themes, for cameras want it so. */
export function QrCode({ text, label }: { text: string; label: string }): ReactNode {
  const { path, size } = useMemo(() => {
    const code = encode(text, { ecc: 'L', border: QUIET_MODULES })
    const modules = code.data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])))
    return { path: modules.join(''), size: code.size }
  }, [text])
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <path d={path} />
    </svg>
  )
}
