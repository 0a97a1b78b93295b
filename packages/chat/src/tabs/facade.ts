/** Builds an object of the API from its plan: what is called goes to the host, what is read comes from the snapshot. */
import { ParleyError } from '@parley/protocol'
import type { CallPlan, MemberPlan, OwnMembers, Plan, ReadPlan } from './plan.ts'

type Callback = (result: unknown) => unknown

/** What the members of a facade are made of. */
export interface Wires {
  call(name: string, plan: CallPlan, args: readonly unknown[]): Promise<unknown>
  tell(name: string, args: readonly unknown[]): void
  read(name: string, plan: ReadPlan): unknown
  /** A callback that was handed a result threw. */
  onCallbackError(error: unknown): void
}

/** The object. `own` has the members that the plan leaves to be written by hand. */
export function facade<Api extends object, P extends Plan<Api>>(plan: P, own: OwnMembers<Api, P>, wires: Wires): Api {
  const members = Object.entries(plan as Record<string, MemberPlan>).map(([name, member]) => [name, describe(name, member, wires)] as const)
  const described = Object.fromEntries(members.filter(([, descriptor]) => descriptor !== undefined)) as PropertyDescriptorMap
  return Object.defineProperties({}, { ...described, ...Object.getOwnPropertyDescriptors(own) }) as Api
}

function describe(name: string, plan: MemberPlan, wires: Wires): PropertyDescriptor | undefined {
  switch (plan.kind) {
    case 'call':
      return method((...args: unknown[]) =>
        plan.hands === true ? callAndHand(name, plan, args, wires) : wires.call(name, plan, withToken(plan, args)),
      )
    case 'tell':
      return method((...args: unknown[]) => wires.tell(name, args))
    case 'getter':
      return method(() => copyOf(wires.read(name, plan)))
    case 'property':
      return { enumerable: true, get: () => wires.read(name, plan) }
    case 'own':
      return undefined
  }
}

const method = (value: unknown): PropertyDescriptor => ({ enumerable: true, writable: true, configurable: true, value })

/** Some getters of the API give arrays of the caller's own. */
const copyOf = (value: unknown): unknown => (Array.isArray(value) ? [...(value as unknown[])] : value)

/** The callback stays in this tab, and is called once, whatever becomes of hosts. */
async function callAndHand(name: string, plan: CallPlan, args: readonly unknown[], wires: Wires): Promise<unknown> {
  const callback = args.find((arg): arg is Callback => typeof arg === 'function')
  const result = await wires.call(
    name,
    plan,
    withToken(
      plan,
      args.filter((arg) => arg !== callback),
    ),
  )
  try {
    const handed = callback?.(result)
    if (handed instanceof Promise) handed.catch((error: unknown) => wires.onCallbackError(error))
  } catch (error) {
    wires.onCallbackError(error)
  }
  return result
}

/** By its token the next host knows what the last one had written. */
function withToken(plan: CallPlan, args: readonly unknown[]): readonly unknown[] {
  const [first, ...rest] = args
  if (plan.again !== 'token' || typeof first !== 'object' || first === null) return args
  return [{ token: crypto.randomUUID(), ...first }, ...rest]
}

/** The error of every member after `close`. */
export const closedError = (): ParleyError => new ParleyError('Closed', 'this profile has been closed')
