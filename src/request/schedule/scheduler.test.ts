import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { fakeRequest } from '#/plugins/testing/fake-request.ts'
import { candidatesOf } from '#/plugins/testing/plugin-harness.ts'
import { createScheduler } from '#/request/schedule/scheduler.ts'
import type { ScheduleResult } from '#/request/schedule/scheduler.ts'
import type { SchedulingGraph, SchedulingProfile } from '#/request/schedule/scheduling-graph.ts'
import type { Candidates } from '#/sdk/candidates.ts'
import type { Filter } from '#/sdk/filter.ts'
import type { Picker } from '#/sdk/picker.ts'
import type { ProfileHandler } from '#/sdk/profile-handler.ts'
import type { Scorer } from '#/sdk/scorer.ts'

describe('createScheduler', () => {
  test('adds up weighted scores and lets the picker rank', () => {
    const profile = profileOf({
      scorers: [
        [2, { 3: 1, 5: 0, 8: 0.5 }],
        [3, { 3: 0, 5: 0.5, 8: 1 }],
      ],
    })
    // 3: 2, 5: 1.5, 8: 4.
    assert.deepEqual(ranking(schedule([profile], [3, 5, 8], 3)), [8, 3, 5])
  })

  test('scores only whom the filters left, in the order of the filters', () => {
    const seen: number[][] = []
    const odd: Filter = { keep: (_request, candidates) => keepOnly(candidates, (slot) => slot % 2 === 1) }
    const high: Filter = {
      keep(_request, candidates) {
        seen.push([...candidates.slots.subarray(0, candidates.count)])
        keepOnly(candidates, (slot) => slot > 2)
      },
    }
    assert.deepEqual(ranking(schedule([profileOf({ filters: [odd, high] })], [1, 2, 3, 4, 5], 9)), [3, 5])
    assert.deepEqual(seen, [[1, 3, 5]])
  })

  test('answers undefined where the filters leave nobody, and runs no filter or scorer after that', () => {
    const none: Filter = { keep: (_request, candidates) => keepOnly(candidates, () => false) }
    const unreachable: Filter = { keep: () => assert.fail('runs on nobody') }
    assert.equal(schedule([profileOf({ filters: [none, unreachable] })], [1, 2], 1), undefined)
  })

  test('leaves the candidates of the caller as they are', () => {
    const candidates = candidatesOf([1, 2, 3])
    const none: Filter = { keep: (_request, remaining) => keepOnly(remaining, (slot) => slot === 3) }
    createScheduler(16, () => {}).schedule(graphOf([profileOf({ filters: [none] })]), fakeRequest(), candidates, 1)
    assert.deepEqual({ slots: [...candidates.slots], count: candidates.count }, { slots: [1, 2, 3], count: 3 })
  })

  test('gives the picker room for as many as are wanted, or as it names by itself', () => {
    const slots = [0, 1, 2, 3]
    assert.equal(schedule([profileOf({})], slots, 1)!.count, 1)
    assert.equal(schedule([profileOf({})], slots, 2)!.count, 2)
    assert.equal(schedule([profileOf({ maxNumOfEndpoints: 3 })], slots, 1)!.count, 3)
    assert.equal(schedule([profileOf({ maxNumOfEndpoints: 2 ** 40 })], slots, 1)!.count, 4)
  })

  test('holds scores to [0, 1]', () => {
    const profile = profileOf({ scorers: [[1, { 0: 50, 1: -50, 2: Infinity, 3: 1 }]] })
    let totals: number[] = []
    const recording: SchedulingProfile = {
      ...profile,
      picker: {
        name: 'recording',
        plugin: {
          maxNumOfEndpoints: 1,
          pick(_request, { count }, total) {
            totals = [...total.subarray(0, count)]
            return 0
          },
        },
      },
    }
    schedule([recording], [0, 1, 2, 3], 1)
    assert.deepEqual(totals, [1, 0, 1, 1])
  })

  test('takes a score that is no number, or was not written, for 0, and says whose it was', () => {
    const reports: [string, number][] = []
    const scheduler = createScheduler(16, (scorer, endpoints) => reports.push([scorer, endpoints]))
    const good = profileOf({ scorers: [[1, { 0: 0.1, 1: 0.2, 2: 0.3 }]] })
    const broken: Scorer = {
      score(_request, _candidates, out) {
        out[0] = NaN
        out[1] = 0.4
      },
    }
    const profile = { ...good, scorers: [...good.scorers, { name: 'broken', plugin: broken, weight: 1 }] }
    const result = scheduler.schedule(graphOf([profile]), fakeRequest(), candidatesOf([0, 1, 2]), 3)
    assert.deepEqual(ranking(result), [1, 2, 0])
    assert.deepEqual(reports, [['broken', 2]])
  })

  test('starts every profile from the full candidate set, and lists the others as legs', () => {
    const odd: Filter = { keep: (_request, candidates) => keepOnly(candidates, (slot) => slot % 2 === 1) }
    const even: Filter = { keep: (_request, candidates) => keepOnly(candidates, (slot) => slot % 2 === 0) }
    const none: Filter = { keep: (_request, candidates) => keepOnly(candidates, () => false) }
    const profiles = [
      profileOf({ name: 'decode', filters: [odd] }),
      profileOf({ name: 'prefill', filters: [even] }),
      profileOf({ name: 'encode', filters: [none] }),
    ]
    const handler: ProfileHandler = {
      next: (_request, results) => ['decode', 'prefill', 'encode'][results.length],
      finish: (_request, [decode, prefill, encode]) => ({
        main: decode!,
        legs: [
          { result: prefill!, release: 'first-byte' },
          { result: encode!, release: 'end' },
        ],
      }),
    }
    const result = createScheduler(16, () => {}).schedule(graphOf(profiles, handler), fakeRequest(), candidatesOf([2, 3, 4, 5]), 2)
    assert.deepEqual(ranking(result), [3, 5])
    assert.deepEqual(result!.legs, [{ profile: 'prefill', slot: 2, release: 'first-byte' }])
  })

  for (const [name, names] of [
    ['does not exist', ['nobody']],
    ['ran already', ['default', 'default']],
  ] as const) {
    test(`throws where a handler asks for a profile that ${name}`, () => {
      const handler: ProfileHandler = {
        next: (_request, results) => names[results.length],
        finish: (_request, results) => ({ main: results[0]!, legs: [] }),
      }
      assert.throws(() => createScheduler(16, () => {}).schedule(graphOf([profileOf({})], handler), fakeRequest(), candidatesOf([1]), 1))
    })
  }

  test('is not misled by what an earlier request left in the scratch memory', () => {
    const fleets = fc.array(fc.uniqueArray(fc.nat({ max: 15 }), { minLength: 1 }), { minLength: 1, maxLength: 5 })
    const profile = profileOf({ scorers: [[1, Object.fromEntries(Array.from({ length: 16 }, (_, slot) => [slot, slot / 16]))]] })
    fc.assert(
      fc.property(fleets, fc.integer({ min: 1, max: 4 }), (fleet, wanted) => {
        const scheduler = createScheduler(16, () => {})
        for (const slots of fleet) {
          const result = scheduler.schedule(graphOf([profile]), fakeRequest(), candidatesOf(slots), wanted)
          assert.deepEqual(ranking(result), slots.toSorted((a, b) => b - a).slice(0, wanted))
        }
      }),
    )
  })
})

interface ProfileParts {
  readonly name?: string
  readonly filters?: readonly Filter[]
  /** Weight, and the score of each slot. */
  readonly scorers?: readonly (readonly [weight: number, scores: Readonly<Record<number, number>>])[]
  readonly maxNumOfEndpoints?: number
}

/** Its picker takes the highest scores, the lower slot first. */
function profileOf({ name = 'default', filters = [], scorers = [], maxNumOfEndpoints = 1 }: ProfileParts): SchedulingProfile {
  const picker: Picker = {
    maxNumOfEndpoints,
    pick(_request, { slots, count }, total, ranked) {
      const order = Array.from({ length: count }, (_, i) => i).sort((a, b) => total[b]! - total[a]! || slots[a]! - slots[b]!)
      const picks = order.slice(0, ranked.length).map((i) => slots[i]!)
      ranked.set(picks)
      return picks.length
    },
  }
  return {
    name,
    filters: filters.map((plugin, i) => ({ name: `filter-${i}`, plugin })),
    scorers: scorers.map(([weight, scores], i) => ({
      name: `scorer-${i}`,
      weight,
      plugin: {
        score(_request, { slots, count }, out) {
          for (let j = 0; j < count; j++) out[j] = scores[slots[j]!]!
        },
      },
    })),
    picker: { name: 'picker', plugin: picker },
  }
}

const first: ProfileHandler = {
  next: (_request, results) => (results.length === 0 ? 'default' : undefined),
  finish: (_request, results) => ({ main: results[0]!, legs: [] }),
}

function graphOf(profiles: readonly SchedulingProfile[], handler: ProfileHandler = first): SchedulingGraph {
  return {
    profiles: new Map(profiles.map((profile) => [profile.name, profile])),
    handler,
    producers: [],
    hooks: [],
    consumed: new Set(),
    prefixMatch: undefined,
  }
}

function schedule(profiles: readonly SchedulingProfile[], slots: readonly number[], wanted: number): ScheduleResult | undefined {
  return createScheduler(16, () => {}).schedule(graphOf(profiles), fakeRequest(), candidatesOf(slots), wanted)
}

function ranking(result: ScheduleResult | undefined): number[] {
  assert.ok(result !== undefined)
  return [...result.ranked.subarray(0, result.count)]
}

function keepOnly(candidates: Candidates, isKept: (slot: number) => boolean): void {
  const kept = candidates.slots.subarray(0, candidates.count).filter(isKept)
  candidates.slots.set(kept)
  candidates.count = kept.length
}
