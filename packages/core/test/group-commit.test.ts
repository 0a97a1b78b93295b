import { describe, expect, test } from 'vitest'
import { GroupCommit, MAX_GROUP_BYTES } from '../src/support/group-commit.ts'
import type { OwnOperation } from '../src/support/store-rules.ts'
import type { Durability } from '../src/store.ts'

interface Commit {
  keys: (number | undefined)[]
  durability: Durability
  finish(error?: Error): void
}

/** A group commit whose commits wait until the test ends them. */
function heldCommits(): { commits: Commit[]; group: GroupCommit; next(): Promise<Commit> } {
  const commits: Commit[] = []
  let announce = Promise.withResolvers<void>()
  const group = new GroupCommit((operations, durability) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    commits.push({
      keys: operations.map((operation) => operation.key[0]),
      durability,
      finish: (error) => (error === undefined ? resolve() : reject(error)),
    })
    announce.resolve()
    return promise
  })
  let seen = 0
  return {
    commits,
    group,
    async next() {
      while (commits[seen] === undefined) {
        await announce.promise
        announce = Promise.withResolvers()
      }
      return commits[seen++] as Commit
    },
  }
}

function row(key: number, bytes = 10): OwnOperation[] {
  return [{ type: 'put', key: Uint8Array.of(key), value: new Uint8Array(bytes) }]
}

describe('group commit', () => {
  test('calls of one turn share a commit, calls made while it runs share the next', async () => {
    const { commits, group, next } = heldCommits()
    const first = [group.add(row(1), 'strict'), group.add(row(2), 'strict')]
    const one = await next()
    const second = [group.add(row(3), 'relaxed'), group.add(row(4), 'strict'), group.add(row(5), 'relaxed')]
    one.finish()
    await Promise.all(first)
    ;(await next()).finish()
    await Promise.all(second)
    expect(commits.map(({ keys, durability }) => [keys, durability])).toEqual([
      [[1, 2], 'strict'],
      [[3, 4, 5], 'strict'],
    ])
  })

  test('relaxed calls alone stay relaxed', async () => {
    const { group, next } = heldCommits()
    const calls = [group.add(row(1), 'relaxed'), group.add(row(2), 'relaxed')]
    const commit = await next()
    expect(commit.durability).toBe('relaxed')
    commit.finish()
    await Promise.all(calls)
  })

  test('a call larger than a group goes alone, and its failure is its own', async () => {
    const { commits, group, next } = heldCommits()
    const small = group.add(row(1), 'strict')
    const large = group.add(row(2, MAX_GROUP_BYTES), 'strict')
    const after = group.add(row(3), 'strict')
    ;(await next()).finish()
    await small
    ;(await next()).finish(new Error('no room'))
    await expect(large).rejects.toThrow('no room')
    ;(await next()).finish()
    await after
    expect(commits.map(({ keys }) => keys)).toEqual([[1], [2], [3]])
  })

  test('a failed commit rejects each of its calls, and idle waits for all of them', async () => {
    const { group, next } = heldCommits()
    const outcomes = Promise.allSettled([group.add(row(1), 'strict'), group.add(row(2), 'relaxed')])
    let isIdle = false
    const idle = group.idle().then(() => (isIdle = true))
    const commit = await next()
    expect(isIdle).toBe(false)
    commit.finish(new Error('no room'))
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await idle
  })
})
