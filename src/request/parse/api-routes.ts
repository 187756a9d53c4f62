/** The paths whose requests are routed by their body, and which keys of that body Headgate reads. */
import { NameMatcher } from '#/lib/json-scan/name-matcher.ts'
import type { InferenceApi } from '#/sdk/inference-request.ts'

/** Where a prompt may stand. `messages` is an array, the others are a string or an array. */
type PromptKey = 'messages' | 'prompt' | 'input'

/** The keys that are read; all others pass unseen. */
export type BodyKey = PromptKey | 'model' | 'stream' | 'max_tokens' | 'max_completion_tokens' | 'cache_salt' | 'tools' | 'system'

export interface ApiRoute {
  readonly path: string
  readonly api: InferenceApi
  readonly methods: readonly string[]
  /** The prompt is in the first of these that the body has. */
  readonly promptKeys: readonly PromptKey[]
  /** False where the prompt may come in a form that is not read here. */
  readonly isPromptRequired: boolean
  readonly keys: NameMatcher<BodyKey>
}

const POST: readonly string[] = ['POST']
const GENERATION: readonly BodyKey[] = ['model', 'stream', 'max_tokens', 'max_completion_tokens', 'cache_salt']

export const API_ROUTES: readonly ApiRoute[] = [
  {
    path: '/v1/chat/completions',
    api: 'chat-completions',
    methods: POST,
    promptKeys: ['messages'],
    isPromptRequired: true,
    keys: new NameMatcher<BodyKey>([...GENERATION, 'tools', 'messages']),
  },
  {
    path: '/v1/completions',
    api: 'completions',
    methods: POST,
    promptKeys: ['prompt'],
    isPromptRequired: false, // vLLM takes `prompt_embeds` instead
    keys: new NameMatcher<BodyKey>([...GENERATION, 'prompt']),
  },
  {
    path: '/v1/embeddings',
    api: 'embeddings',
    methods: POST,
    promptKeys: ['input', 'messages'], // vLLM embeds conversations too
    isPromptRequired: true,
    keys: new NameMatcher<BodyKey>(['model', 'cache_salt', 'input', 'messages']),
  },
  {
    path: '/v1/messages',
    api: 'messages',
    methods: POST,
    promptKeys: ['messages'],
    isPromptRequired: true,
    keys: new NameMatcher<BodyKey>([...GENERATION, 'tools', 'system', 'messages']),
  },
]

/** `path` is the normalised path of an Exchange. */
export function findApiRoute(path: string): ApiRoute | undefined {
  return API_ROUTES.find((route) => route.path === path)
}
