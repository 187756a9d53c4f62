/** A tool call that a request insists on: the answer is that call, with arguments made up from the tool's schema. */
import { ApiError } from '#/sim/http/api-error.ts'
import { JsonFields } from '#/sim/http/json-fields.ts'
import { argumentsFor } from '#/sim/text/tool-arguments.ts'

export interface ForcedTool {
  readonly name: string
  /** JSON schema of its arguments. */
  readonly schema: unknown
}

/** OpenAI: `tool_choice` is "required" or names a function. */
export function readOpenAiForcedTool(body: JsonFields): ForcedTool | undefined {
  const choice = body.value('tool_choice')
  const tools = body.array('tools').map((tool) => toTool(new JsonFields(tool).object('function'), 'parameters'))
  if (choice === undefined || choice === 'auto' || choice === 'none') return undefined
  const name = choice === 'required' ? undefined : new JsonFields(choice).object('function')?.string('name')
  return pick(tools, choice === 'required', name)
}

/** Anthropic: `tool_choice` is of type "any" or "tool". */
export function readAnthropicForcedTool(body: JsonFields): ForcedTool | undefined {
  const choice = body.object('tool_choice')
  const type = choice?.string('type')
  const tools = body.array('tools').map((tool) => toTool(new JsonFields(tool), 'input_schema'))
  if (type !== 'any' && type !== 'tool') return undefined
  return pick(tools, type === 'any', choice?.string('name'))
}

/** The arguments as JSON. */
export function forcedArguments({ schema }: ForcedTool, seed: number): string {
  return JSON.stringify(argumentsFor(schema, seed))
}

function toTool(fields: JsonFields | undefined, schemaField: string): ForcedTool {
  return { name: fields?.string('name') ?? '', schema: fields?.value(schemaField) }
}

function pick(tools: readonly ForcedTool[], any: boolean, name: string | undefined): ForcedTool {
  const tool = any ? tools[0] : tools.find((each) => each.name === name)
  if (tool === undefined) throw new ApiError(400, '`tool_choice` asks for a tool that `tools` does not have.', 'tool_choice')
  return tool
}
