/** `docs/reference/errors.md` from the error table. */
import { ERRORS } from '#/errors.ts'

export function renderErrorReference(): string {
  const rows = Object.entries(ERRORS).map(([code, error]) => {
    const retry = error.retryAfterSeconds === undefined ? '' : String(error.retryAfterSeconds)
    return `| \`${code}\` | ${error.status} | ${error.grpcStatus} | \`${error.type}\` | \`${error.anthropicType}\` | ${error.droppedReason ?? ''} | ${retry} | ${error.actor} | ${error.summary} |`
  })
  return `# Errors

What Headgate itself answers. An endpoint's own errors pass through untouched.

The body is \`{"error":{"message","type","code","param"}}\`; on the Anthropic path \`{"type":"error","error":{"type","message"},"request_id"}\`.
Every answer has \`x-request-id\`. \`reason\` is the value of \`x-llm-d-request-dropped-reason\`; \`retry\` is \`Retry-After\` in seconds where nothing
better is known; \`gRPC\` is the status for edges that speak gRPC; \`who\` has to act.

| code | HTTP | gRPC | type (OpenAI) | type (Anthropic) | reason | retry | who | meaning |
|---|---|---|---|---|---|---|---|---|
${rows.join('\n')}
`
}
