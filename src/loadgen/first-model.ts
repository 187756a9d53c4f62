/** Asks the target which models it serves, so that nobody has to name one; also finds out early that nothing answers there. */
import { LoadTargetError, type LoadTarget } from '#/loadgen/load-target.ts'

const TIMEOUT_MS = 10_000

/** Id of the first model of the target's /v1/models; `headers` as `name: value`. Throws LoadTargetError. */
export async function findFirstModel(target: LoadTarget, headers: readonly string[]): Promise<string> {
  const url = `${target.url}/v1/models`
  let answer: unknown
  try {
    const fields = headers.map((field): [string, string] => [
      field.slice(0, field.indexOf(':')),
      field.slice(field.indexOf(':') + 1).trim(),
    ])
    const response = await fetch(url, { headers: fields, signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (!response.ok) throw new LoadTargetError(`${url} answered ${response.status}; name a model with --model`)
    answer = await response.json()
  } catch (error) {
    if (error instanceof LoadTargetError) throw error
    throw new LoadTargetError(`cannot read ${url}: ${reasonOf(error)}`, { cause: error })
  }
  const id = firstId(answer)
  if (id === undefined) throw new LoadTargetError(`${url} lists no model; name one with --model`)
  return id
}

function firstId(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null || !('data' in answer) || !Array.isArray(answer.data)) return undefined
  const first: unknown = answer.data[0]
  return typeof first === 'object' && first !== null && 'id' in first && typeof first.id === 'string' ? first.id : undefined
}

/** fetch hides the reason in its error's cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error)) return String(cause)
  if ('code' in cause && cause.code === 'ECONNREFUSED') return 'nothing listens there (connection refused)'
  return cause.name === 'TimeoutError' ? `no answer within ${TIMEOUT_MS / 1000} s` : cause.message
}
