import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { z } from 'zod'
import { ConfigError } from '#/config/config-error.ts'
import type { EndpointPickerConfig } from '#/config/endpoint-picker-config.ts'
import { DEFAULT_ENDPOINT_PICKER_CONFIG } from '#/config/endpoint-picker-config.ts'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { createRng } from '#/lib/rng.ts'
import { BUILT_IN_PLUGINS } from '#/plugins/index.ts'
import { FakePrefixIndex } from '#/plugins/testing/fake-prefix-index.ts'
import { fakeRequest } from '#/plugins/testing/fake-request.ts'
import { buildSchedulingGraph } from '#/request/schedule/build-scheduling-graph.ts'
import { createPluginRegistry } from '#/request/schedule/plugin-registry.ts'
import type { SchedulingGraph } from '#/request/schedule/scheduling-graph.ts'
import { defineColumnKey, defineResourceKey } from '#/sdk/data-key.ts'
import type { DataKey, ResourceKey } from '#/sdk/data-key.ts'
import { defineFilter } from '#/sdk/filter.ts'
import type { FilterDefinition } from '#/sdk/filter.ts'
import { cacheBlockSize, inflightRequests, inflightTokens, prefixIndex, prefixMatch, waitingQueueSize } from '#/sdk/keys.ts'
import type { PluginContext, PluginDefinition } from '#/sdk/plugin.ts'
import { defineProducer } from '#/sdk/producer.ts'
import type { ProducerDefinition } from '#/sdk/producer.ts'
import { defineProfileHandler } from '#/sdk/profile-handler.ts'

const MAX_ENDPOINTS = 16
const alpha = defineColumnKey({ name: 'alpha', unit: 'things', scope: 'request', description: '' })
const beta = defineColumnKey({ name: 'beta', unit: 'things', scope: 'request', description: '' })
const gamma = defineResourceKey<string>({ name: 'gamma', description: '' })

describe('buildSchedulingGraph: profiles', () => {
  test('puts every declared filter, scorer and picker into one profile where none is configured', () => {
    const graph = build({
      plugins: [{ type: 'random-picker' }, { type: 'queue-scorer' }, { type: 'load-aware-scorer' }, { type: 'some-filter' }],
    })
    assert.deepEqual([...graph.profiles.keys()], ['default'])
    assert.deepEqual(membersOf(graph, 'default'), ['some-filter', 'queue-scorer x1', 'load-aware-scorer x1', 'random-picker'])
  })

  test('has the default picker and handler where nothing is configured', () => {
    const graph = build({})
    assert.deepEqual(membersOf(graph, 'default'), ['max-score-picker'])
    assert.equal(graph.handler.next(fakeRequest(), []), 'default')
  })

  test('gives a profile without a picker the first one that is declared, or else the default', () => {
    const schedulingProfiles = [{ name: 'p', plugins: [{ pluginRef: 'queue-scorer' }] }]
    const pickers = [{ type: 'random-picker' }, { type: 'weighted-random-picker' }]
    assert.deepEqual(membersOf(build({ plugins: [{ type: 'queue-scorer' }, ...pickers], schedulingProfiles }), 'p'), [
      'queue-scorer x1',
      'random-picker',
    ])
    assert.deepEqual(membersOf(build({ plugins: [{ type: 'queue-scorer' }], schedulingProfiles }), 'p'), [
      'queue-scorer x1',
      'max-score-picker',
    ])
  })

  test('knows plugins by their names and keeps the order and the weights of the profile', () => {
    const graph = build({
      plugins: [{ type: 'load-aware-scorer' }, { type: 'load-aware-scorer', name: 'strict', parameters: { threshold: 4 } }],
      schedulingProfiles: [{ name: 'p', plugins: [{ pluginRef: 'strict', weight: 2.5 }, { pluginRef: 'load-aware-scorer' }] }],
    })
    assert.deepEqual(membersOf(graph, 'p'), ['strict x2.5', 'load-aware-scorer x1', 'max-score-picker'])
  })

  test('hands a plugin that two profiles name to both as one instance', () => {
    const plugins = [{ pluginRef: 'queue-scorer' }]
    const graph = build({
      plugins: [{ type: 'queue-scorer' }, { type: 'some-handler' }],
      schedulingProfiles: [
        { name: 'a', plugins },
        { name: 'b', plugins },
      ],
    })
    assert.equal(graph.profiles.get('a')!.scorers[0]!.plugin, graph.profiles.get('b')!.scorers[0]!.plugin)
    assert.equal(graph.profiles.get('a')!.picker.plugin, graph.profiles.get('b')!.picker.plugin)
  })
})

describe('buildSchedulingGraph: data', () => {
  test('always accounts for what is in flight, and matches prefixes only where someone asks', () => {
    const graph = build({})
    assert.deepEqual(producersOf(graph), ['inflight-load-producer'])
    assert.equal(graph.prefixMatch, undefined)
  })

  test('leaves out the default producer of data that a declared plugin brings', () => {
    const graph = build({ plugins: [{ type: 'inflight-load-producer', name: 'mine' }, { type: 'active-request-scorer' }] })
    assert.deepEqual(producersOf(graph), ['mine'])
  })

  test('adds default producers transitively and puts each before its consumers', () => {
    const graph = build({ plugins: [{ type: 'needs-alpha' }, { type: 'alpha-producer' }] }, [
      consumer('needs-alpha', { required: [alpha] }),
      producer('alpha-producer', [alpha], [prefixMatch, inflightTokens]),
    ])
    assert.deepEqual(producersOf(graph).toSorted(), ['alpha-producer', 'approx-prefix-cache-producer', 'inflight-load-producer'])
    assert.equal(producersOf(graph).at(-1), 'alpha-producer')
  })

  test('creates a plugin after those whose data it consumes, also where it need not have them', () => {
    const created: string[] = []
    const note = ({ name }: PluginContext): void => void created.push(name)
    build({ plugins: [{ type: 'first' }, { type: 'second' }, { type: 'third' }] }, [
      consumer('first', { optional: [beta] }, note),
      producer('second', [beta], [alpha], note),
      producer('third', [alpha], [], note),
    ])
    assert.deepEqual(created, ['third', 'second', 'first'])
  })

  test('gives each graph a prefix match of its own, and its consumers the same', () => {
    const seen: unknown[] = []
    const reads = consumer('reads-match', { required: [prefixMatch] }, (context) => void seen.push(context.resource(prefixMatch)))
    const a = build({ plugins: [{ type: 'reads-match' }] }, [reads])
    const b = build({ plugins: [{ type: 'reads-match' }] }, [reads])
    assert.equal(a.prefixMatch?.blocks.length, MAX_ENDPOINTS)
    assert.notEqual(a.prefixMatch, b.prefixMatch)
    assert.deepEqual(seen, [a.prefixMatch, b.prefixMatch])
    assert.equal(seen[0], a.prefixMatch)
  })

  test('hands out columns of the fleet and resources from outside', () => {
    const columns = new ColumnStore(MAX_ENDPOINTS)
    let context: PluginContext | undefined
    const reader = consumer('reader', { required: [waitingQueueSize, gamma] }, (given) => (context = given))
    build({ plugins: [{ type: 'reader', name: 'named' }] }, [reader], { columns, resources: new Map([[gamma, 'here']]) })
    assert.equal(context!.column(waitingQueueSize), columns.column(waitingQueueSize))
    assert.equal(context!.resource(gamma), 'here')
    assert.equal(context!.name, 'named')
    assert.equal(context!.maxEndpoints, MAX_ENDPOINTS)
    assert.deepEqual(context!.profiles, ['default'])
  })

  test('keeps plugins from data that they did not declare', () => {
    let context: PluginContext | undefined
    build({ plugins: [{ type: 'reader' }] }, [consumer('reader', {}, (given) => (context = given))])
    assert.throws(() => context!.column(waitingQueueSize), /"waiting-queue-size", which its definition does not declare/)
    assert.throws(() => context!.resource(prefixIndex), /"prefix-index", which its definition does not declare/)
  })

  test('lists every key that some plugin reads', () => {
    const { consumed } = build({ plugins: [{ type: 'queue-scorer' }, { type: 'prefix-cache-scorer' }] })
    for (const key of [waitingQueueSize, prefixMatch, prefixIndex, cacheBlockSize]) assert.ok(consumed.has(key), key.name)
    assert.ok(!consumed.has(inflightRequests))
  })

  test('lists every instance with a hook once', () => {
    const graph = build({ plugins: [{ type: 'no-hit-lru-scorer' }, { type: 'queue-scorer' }] })
    const hooked = graph.hooks.map((hook) => Object.keys(hook).filter((name) => name.startsWith('attempt') || name === 'endpointReset'))
    assert.equal(graph.hooks.length, 3)
    assert.ok(hooked.every((names) => names.includes('attemptSent')))
    assert.ok(graph.producers.every(({ plugin }) => graph.hooks.includes(plugin)))
  })
})

describe('buildSchedulingGraph: problems', () => {
  const cases: [name: string, config: Partial<EndpointPickerConfig>, problems: [path: string, message: RegExp][]][] = [
    [
      'a type that is not registered',
      { plugins: [{ type: 'que-scorer' }] },
      [['plugins[0].type', /no plugin type "que-scorer"; the nearest is "queue-scorer"/]],
    ],
    ['a missing type', { plugins: [{ type: '' }] }, [['plugins[0].type', /is required/]]],
    [
      'a name that is taken',
      { plugins: [{ type: 'queue-scorer' }, { type: 'queue-scorer' }] },
      [['plugins[1].name', /"queue-scorer".*plugins\[0\]/]],
    ],
    ['an empty name', { plugins: [{ type: 'queue-scorer', name: '' }] }, [['plugins[0].name', /empty/]]],
    [
      'parameters that do not fit',
      { plugins: [{ type: 'load-aware-scorer', parameters: { threshold: 'many', limit: 3 } }] },
      [
        ['plugins[0].parameters.threshold', /number/],
        ['plugins[0].parameters', /limit/],
      ],
    ],
    [
      'parameters deep down',
      { plugins: [{ type: 'label-selector-filter', parameters: { matchExpressions: [{ key: 'a', operator: 'In', values: [] }] } }] },
      [
        ['plugins[0].parameters.matchExpressions[0].values', /./],
        ['plugins[0]', /endpoint-labels/],
      ],
    ],
    [
      'a reference to nobody',
      { plugins: [{ type: 'queue-scorer' }], schedulingProfiles: [{ name: 'p', plugins: [{ pluginRef: 'queue-score' }] }] },
      [['schedulingProfiles[0].plugins[0].pluginRef', /no plugin is named "queue-score"; the nearest is "queue-scorer"/]],
    ],
    [
      'a reference to a plugin that profiles do not hold',
      {
        plugins: [{ type: 'inflight-load-producer' }],
        schedulingProfiles: [{ name: 'p', plugins: [{ pluginRef: 'inflight-load-producer' }] }],
      },
      [['schedulingProfiles[0].plugins[0].pluginRef', /is a producer/]],
    ],
    [
      'two pickers in a profile',
      { plugins: [{ type: 'random-picker' }, { type: 'max-score-picker' }] },
      [['schedulingProfiles[0].plugins[1].pluginRef', /picker already, "random-picker"/]],
    ],
    ...[-1, NaN, Infinity].map((weight): (typeof cases)[number] => [
      `a weight of ${weight}`,
      { plugins: [{ type: 'queue-scorer' }], schedulingProfiles: [{ name: 'p', plugins: [{ pluginRef: 'queue-scorer', weight }] }] },
      [['schedulingProfiles[0].plugins[0].weight', /at least 0/]],
    ]),
    [
      'profiles without a name or with the same',
      {
        plugins: [{ type: 'some-handler' }],
        schedulingProfiles: ['p', 'p', ''].map((name) => ({ name, plugins: [] })),
      },
      [
        ['schedulingProfiles[1].name', /two profiles are named "p"/],
        ['schedulingProfiles[2].name', /is required/],
      ],
    ],
    [
      'several profiles without a handler',
      { schedulingProfiles: ['a', 'b'].map((name) => ({ name, plugins: [] })) },
      [['plugins', /2 profiles need a profile handler/]],
    ],
    [
      'several profiles with the handler of one',
      { plugins: [{ type: 'single-profile-handler' }], schedulingProfiles: ['a', 'b'].map((name) => ({ name, plugins: [] })) },
      [['plugins[0]', /exactly one profile/]],
    ],
    [
      'two profile handlers',
      { plugins: [{ type: 'single-profile-handler' }, { type: 'some-handler' }] },
      [['plugins[1]', /profile handler already, "single-profile-handler"/]],
    ],
    [
      'two producers of the same data',
      { plugins: [{ type: 'inflight-load-producer' }, { type: 'inflight-load-producer', name: 'again' }] },
      ['inflight-requests', 'inflight-tokens', 'inflight-output-tokens'].map((key) => [
        'plugins[1]',
        new RegExp(`"${key}" is produced by`),
      ]),
    ],
    [
      'data that nobody produces',
      { plugins: [{ type: 'needs-alpha' }, { type: 'label-selector-filter' }] },
      [
        ['plugins[0]', /needs "alpha", which no configured plugin produces/],
        ['plugins[1]', /needs "endpoint-labels"/],
      ],
    ],
    [
      'plugins that need each other',
      { plugins: [{ type: 'alpha-from-beta' }, { type: 'beta-from-alpha' }] },
      [['plugins[0]', /alpha-from-beta -> beta-from-alpha -> alpha-from-beta/]],
    ],
    [
      'a producer name that is not the one that produces',
      {
        plugins: [
          { type: 'approx-prefix-cache-producer', name: 'mine' },
          { type: 'prefix-cache-scorer', parameters: { prefixMatchInfoProducerName: 'yours' } },
          { type: 'prefix-cache-scorer', name: 'right', parameters: { prefixMatchInfoProducerName: 'mine' } },
        ],
      },
      [['plugins[1].parameters.prefixMatchInfoProducerName', /is produced by "mine", not by "yours"/]],
    ],
    ['a plugin that cannot be created', { plugins: [{ type: 'broken' }] }, [['plugins[0]', /no such device/]]],
    [
      'a plugin that reads what it did not declare',
      { plugins: [{ type: 'sneaky' }] },
      [['plugins[0]', /"waiting-queue-size", which its def/]],
    ],
    [
      'several things at once',
      { plugins: [{ type: 'nothing' }, { type: 'queue-scorer', parameters: { a: 1 } }], schedulingProfiles: [{ name: '', plugins: [] }] },
      [
        ['plugins[0].type', /nothing/],
        ['plugins[1].parameters', /a/],
        ['schedulingProfiles[0].name', /required/],
      ],
    ],
  ]
  const definitions = [
    consumer('needs-alpha', { required: [alpha] }),
    producer('alpha-from-beta', [alpha], [beta]),
    producer('beta-from-alpha', [beta], [alpha]),
    consumer('broken', {}, () => {
      throw new Error('no such device')
    }),
    consumer('sneaky', {}, (context) => void context.column(waitingQueueSize)),
  ]
  for (const [name, config, expected] of cases) {
    test(`names ${name}`, () => {
      assert.throws(
        () => build(config, definitions),
        (error) => {
          assert.ok(error instanceof ConfigError)
          assert.deepEqual(
            error.problems.map(({ path }) => path),
            expected.map(([path]) => path),
            error.message,
          )
          for (const [i, [, message]] of expected.entries()) assert.match(error.problems[i]!.message, message)
          return true
        },
      )
    })
  }
})

test('the default configuration is the profile queue 2, KV cache 2, prefix 3', () => {
  const graph = build(DEFAULT_ENDPOINT_PICKER_CONFIG)
  assert.deepEqual(membersOf(graph, 'default'), [
    'queue-scorer x2',
    'kv-cache-utilization-scorer x2',
    'prefix-cache-scorer x3',
    'max-score-picker',
  ])
  assert.deepEqual(producersOf(graph).toSorted(), ['approx-prefix-cache-producer', 'inflight-load-producer'])
})

interface Surroundings {
  readonly columns?: ColumnStore
  readonly resources?: ReadonlyMap<ResourceKey<unknown>, unknown>
}

function build(
  config: Partial<EndpointPickerConfig>,
  definitions: readonly PluginDefinition[] = [],
  surroundings: Surroundings = {},
): SchedulingGraph {
  return buildSchedulingGraph(
    { plugins: [], schedulingProfiles: [], ...config },
    {
      registry: createPluginRegistry([...BUILT_IN_PLUGINS, consumer('some-filter', {}), someHandler, ...definitions]),
      columns: new ColumnStore(MAX_ENDPOINTS),
      resources: new Map([[prefixIndex, new FakePrefixIndex()]]),
      rng: createRng(1),
      maxEndpoints: MAX_ENDPOINTS,
      ...surroundings,
    },
  )
}

const someHandler = defineProfileHandler({
  type: 'some-handler',
  stability: 'alpha',
  summary: '',
  params: z.strictObject({}),
  create: (_params, { profiles }) => ({
    next: (_request, results) => profiles[results.length],
    finish: (_request, results) => ({ main: results[0]!, legs: [] }),
  }),
})

function consumer(
  type: string,
  consumes: { required?: readonly DataKey[]; optional?: readonly DataKey[] },
  created: (context: PluginContext) => void = () => {},
): FilterDefinition {
  return defineFilter({
    type,
    stability: 'alpha',
    summary: '',
    params: z.strictObject({}),
    consumes,
    create(_params, context) {
      created(context)
      return { keep() {} }
    },
  })
}

function producer(
  type: string,
  produces: readonly DataKey[],
  required: readonly DataKey[],
  created: (context: PluginContext) => void = () => {},
): ProducerDefinition {
  return defineProducer({
    type,
    stability: 'alpha',
    summary: '',
    params: z.strictObject({}),
    consumes: { required },
    produces,
    create(_params, context) {
      created(context)
      return {}
    },
  })
}

function membersOf(graph: SchedulingGraph, name: string): string[] {
  const { filters, scorers, picker } = graph.profiles.get(name)!
  return [...filters.map((filter) => filter.name), ...scorers.map((scorer) => `${scorer.name} x${scorer.weight}`), picker.name]
}

function producersOf(graph: SchedulingGraph): string[] {
  return graph.producers.map(({ name }) => name)
}
