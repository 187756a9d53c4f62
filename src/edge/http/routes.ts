/** Which paths the edge knows, with their methods: those that are routed to endpoints, and those that the gateway answers by itself. */
import { parseRequestTarget } from '#/edge/http/request-target.ts'
import { InferenceError } from '#/errors.ts'
import type { HeaderLookup } from '#/sdk/inference-request.ts'

export interface LocalAnswer {
  readonly status: number
  /** JSON text. */
  readonly body: string
}

/** A GET (and HEAD) that needs no endpoint. */
export interface LocalRoute {
  readonly path: string
  /** Also answers for what lies below: `/v1/models/NAME`. */
  readonly hasChildren: boolean
  /** `child`: what follows `path` and a slash, decoded once, so that a name may hold slashes; undefined for the path itself. */
  answer(child: string | undefined, headers: HeaderLookup): LocalAnswer | InferenceError
}

export interface Route {
  readonly methods: readonly string[]
  /** Value of the Allow field. */
  readonly allow: string
  /** Undefined: routed to an endpoint. */
  readonly local: LocalRoute | undefined
  readonly child: string | undefined
}

export interface RouteMatch {
  /** Normalised. */
  readonly path: string
  /** With its question mark; empty if there is none. */
  readonly query: string
  readonly route: Route
}

export class RouteTable {
  readonly #matches = new Map<string, RouteMatch>()
  readonly #parents: LocalRoute[] = []
  /** For people: every path there is. */
  readonly #listing: string

  /** `inferencePaths` take POST. */
  constructor(inferencePaths: readonly string[], localRoutes: readonly LocalRoute[]) {
    for (const path of inferencePaths) this.#add(path, { methods: ['POST'], allow: 'POST, OPTIONS', local: undefined, child: undefined })
    for (const local of localRoutes) {
      this.#add(local.path, toLocal(local, undefined))
      if (local.hasChildren) this.#parents.push(local)
    }
    this.#listing = [...this.#matches.keys(), ...this.#parents.map((parent) => `${parent.path}/NAME`)].join(', ')
    // The server as a whole, which only OPTIONS can ask about (RFC 9110 9.3.7).
    this.#add('*', { methods: [], allow: 'GET, HEAD, OPTIONS, POST', local: undefined, child: undefined })
  }

  /** The error is malformed_http or path_not_found. */
  match(target: string): RouteMatch | InferenceError {
    const exact = this.#matches.get(target)
    if (exact !== undefined) return exact
    const parsed = parseRequestTarget(target)
    if (parsed === undefined) return new InferenceError('malformed_http', 'The request target is not a path.')
    const { path, query } = parsed
    const route = this.#matches.get(path)?.route ?? this.#findChild(path)
    if (route === undefined) return new InferenceError('path_not_found', `There is no ${path}. There are ${this.#listing}.`)
    return { path, query, route }
  }

  #add(path: string, route: Route): void {
    this.#matches.set(path, { path, query: '', route })
  }

  #findChild(path: string): Route | undefined {
    for (const parent of this.#parents) {
      if (!path.startsWith(`${parent.path}/`)) continue
      const child = decode(path.slice(parent.path.length + 1))
      if (child !== undefined && child !== '') return toLocal(parent, child)
    }
    return undefined
  }
}

function toLocal(local: LocalRoute, child: string | undefined): Route {
  return { methods: ['GET', 'HEAD'], allow: 'GET, HEAD, OPTIONS', local, child }
}

/** Undefined: escapes that are no UTF-8. */
function decode(escaped: string): string | undefined {
  try {
    return decodeURIComponent(escaped)
  } catch {
    return undefined
  }
}
